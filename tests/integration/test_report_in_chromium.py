"""The report's page in headless Chromium: it fits a telephone, follows the scheme, and runs nothing."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import pytest
from integration.machine import Base, Machine
from integration.test_install import with_doctor
from paths import ROOT
from unit.report.test_run_page import hostile

BASE = Base("trixie", ("chromium-headless-shell", "fonts-dejavu-core"))
# Around the page, which may run no scripts itself: tells how far it sticks out, its colors, and its title.
AROUND = """<!doctype html><title>nothing</title><iframe src="page.html" style="border:0;width:{width}px;height:2000px"
onload="const page = this.contentDocument, root = page.documentElement, style = getComputedStyle(page.body);
const beyond = root.scrollWidth - root.clientWidth;
document.title = [beyond, style.backgroundColor, page.scripts.length, page.title].join('|')">
</iframe>"""

pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def with_browser(wheel) -> Iterator[Machine]:
    yield from with_doctor(BASE, wheel)


def look(where: Machine, document: dict, width: int, scheme: int) -> list[str]:
    """Pixels beyond the width, background, scripts and title of a report's page in a window of a width."""
    where.write("/root/run.json", json.dumps(document))
    where.must("/doctor/bin/accel-doctor", "report", "/root/run.json", "--html", "/root/page.html")
    where.write("/root/around.html", AROUND.format(width=width))
    said = where.must(
        "chromium-headless-shell", "--no-sandbox", "--disable-gpu", "--allow-file-access-from-files",
        f"--blink-settings=preferredColorScheme={scheme}", f"--window-size={width},2000", "--dump-dom",
        "file:///root/around.html",
    )  # fmt: skip
    found = re.search(r"<title>(.*?)</title>", said, re.DOTALL)
    assert found
    return found[1].split("|")


def recorded(name: str) -> dict:
    document: dict = json.loads((ROOT / f"tests/data/runs/{name}.json").read_text())
    return document


@pytest.mark.parametrize("name", ["cured", "not-confirmed"])
@pytest.mark.parametrize("width", [390, 1440])
def test_it_fits(with_browser, name, width):
    assert look(with_browser, recorded(name), width, 1)[0] == "0"


def test_it_follows_the_scheme(with_browser):
    dark, light = (look(with_browser, recorded("cured"), 390, scheme)[1] for scheme in (0, 1))
    assert (dark, light) == ("rgb(20, 23, 26)", "rgb(251, 250, 248)")


@pytest.mark.parametrize("width", [390, 1440])
def test_what_builds_printed_neither_runs_nor_widens_it(with_browser, width):
    document = recorded("cured")
    for key in ("diagnoses", "built", "changes"):
        document[key] = hostile(document[key])
    document["command"] = ["accel-doctor", "install", "x" * 300, "<script>document.title = 'ran'</script>"]
    beyond, _, scripts, title = look(with_browser, document, width, 1)
    assert (beyond, scripts) == ("0", "0")
    assert title.startswith("done: accel-doctor install x")
