"""Write accel-doctor.pyz, which runs on a machine that has Python 3.10 or later and nothing else.

shiv unpacks it once, below :data:`PLACE`; Python could import from the file itself, but the sandbox of builds and the
lists of files are read from real ones, and uv must be a file to be run.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

from bundle import HERE, make_bundle

PLACE = "~/.cache/accel-doctor-program"


def main() -> None:
    """Write the file that the command line names."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("output", type=Path)
    parser.add_argument("--wheel", type=Path, help="of accel-doctor (default: built from this checkout)")
    given = parser.parse_args()
    given.output.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="pyz-") as scratch:
        make_bundle(Path(scratch), wheel=given.wheel)
        subprocess.run(
            [
                *(sys.executable, "-m", "shiv", "--site-packages", scratch, "--preamble", str(HERE / "preamble.py")),
                *("--root", PLACE, "--entry-point", "accel_doctor.__main__:main"),
                *("--reproducible", "--output-file", str(given.output)),
            ],
            check=True,
        )


if __name__ == "__main__":
    main()
