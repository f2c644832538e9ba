"""Takes the pictures of docs/images: ``python tests/tools/screenshots.py --browser chromium-headless-shell``.

The report's page at two widths, light and dark, in headless Chromium (Debian: ``chromium-headless-shell``); and what a
terminal showed in a real run, as rich's SVG, from ``tmux capture-pane -e -p > tests/data/runs/NAME.ansi``.
"""

from __future__ import annotations

import argparse
import io
import subprocess
import tempfile
from pathlib import Path

from rich.console import Console
from rich.terminal_theme import MONOKAI
from rich.text import Text

from accel_doctor import __version__
from accel_doctor.cli.run_documents import read_document
from accel_doctor.report.run_page import run_page

ROOT = Path(__file__).resolve().parents[2]
RUNS = ROOT / "tests/data/runs"
IMAGES = ROOT / "docs/images"
SIZES = {390: 1300, 1440: 1150}
SCHEMES = {"dark": 0, "light": 1}  # as Chromium numbers them


def picture(browser: str, page: Path, target: Path, width: int, height: int, scheme: str) -> None:
    """Take a picture of a page."""
    argv = [browser, "--no-sandbox", "--disable-gpu", "--hide-scrollbars", f"--window-size={width},{height}"]
    argv += [f"--blink-settings=preferredColorScheme={SCHEMES[scheme]}", f"--screenshot={target}", page.as_uri()]
    subprocess.run(argv, check=True, capture_output=True, timeout=120)


def pictures(browser: str) -> None:
    """Take all pictures of the report's page."""
    with tempfile.TemporaryDirectory() as scratch:
        page = Path(scratch) / "page.html"
        page.write_text(run_page(read_document(RUNS / "cured.json"), __version__), encoding="utf-8")
        for width, height in SIZES.items():
            for scheme in SCHEMES:
                picture(browser, page, IMAGES / f"report-{width}-{scheme}.png", width, height, scheme)


def terminals() -> None:
    """Write what terminals showed as SVG."""
    for recording in sorted(RUNS.glob("*.ansi")):
        console = Console(record=True, width=100, file=io.StringIO(), force_terminal=True)
        console.print(Text.from_ansi(recording.read_text(encoding="utf-8").rstrip()))
        target = IMAGES / f"terminal-{recording.stem}.svg"
        console.save_svg(str(target), title="accel-doctor", theme=MONOKAI, unique_id=recording.stem)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--browser", help="headless Chromium; without it, only the terminals' pictures")
    options = parser.parse_args()
    IMAGES.mkdir(exist_ok=True)
    terminals()
    if options.browser:
        pictures(options.browser)
