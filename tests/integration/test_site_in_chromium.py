"""The site in headless Chromium: it fits a telephone and a desktop, can be read in both schemes, and has no errors."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from integration.machine import Base, Machine, UnavailableError, machine
from paths import ROOT

BASE = Base("trixie", ("chromium-headless-shell", "fonts-dejavu-core"))
SCHEMES = {"dark": 0, "light": 1}  # as Chromium numbers them
# Around all pages, each in a frame: tells what sticks out of the window, and text with too little contrast (WCAG AA).
AROUND = r"""<!doctype html><title>around</title>{frames}<pre id="told"></pre><script>
const part = value => (value /= 255, value <= 0.03928 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4);
const light = ([r, g, b]) => 0.2126 * part(r) + 0.7152 * part(g) + 0.0722 * part(b);
const numbers = color => {{
  const all = color.match(/[\d.]+/g).map(Number), rgb = all.slice(0, 3), opacity = all[3] ?? 1;
  return [...(color.startsWith("color(") ? rgb.map(x => x * 255) : rgb), opacity];
}};
const over = (above, below) => [0, 1, 2].map(i => above[i] * above[3] + below[i] * (1 - above[3]));
const named = element => `${{element.tagName}}.${{element.className}}`;
// Tables and code scroll inside of themselves, nothing else does.
const scrolls = one => one === one.ownerDocument.documentElement
  || ["auto", "scroll"].includes(getComputedStyle(one).overflowX) && !one.closest("pre, .table-wrapper");
const wide = page =>
  [...page.querySelectorAll("*")].filter(one => scrolls(one) && one.scrollWidth > one.clientWidth).map(named);
function background(element) {{
  const layers = [];
  for (let one = element; one; one = one.parentElement) {{
    const color = numbers(getComputedStyle(one).backgroundColor);
    if (color[3] > 0) layers.push(color);
    if (color[3] === 1) break;
  }}
  return layers.reduceRight((below, above) => over(above, below), [255, 255, 255]);
}}
function pale(page) {{
  const found = new Set(), walker = page.createTreeWalker(page.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {{
    const element = walker.currentNode.parentElement, style = getComputedStyle(element);
    const shown = element.checkVisibility({{opacityProperty: true, visibilityProperty: true}});
    if (!walker.currentNode.data.trim() || !shown || element.closest("svg, script, style")) continue;
    const below = background(element), above = over(numbers(style.color), below);
    const [darker, lighter] = [light(above), light(below)].sort((a, b) => a - b);
    const size = parseFloat(style.fontSize), large = size >= 24 || (size >= 18.66 && style.fontWeight >= 700);
    const ratio = (lighter + 0.05) / (darker + 0.05);
    if (ratio < (large ? 3 : 4.5)) found.add(`${{named(element)}} ${{style.color}} ${{ratio.toFixed(2)}}`);
  }}
  return [...found];
}}
onload = () => setTimeout(() => {{
  document.getElementById("told").textContent = JSON.stringify([...document.querySelectorAll("iframe")].map(frame => {{
    const page = frame.contentDocument;
    return {{page: frame.title, title: page.title, wide: wide(page), pale: pale(page)}};
  }}));
}}, 0);
</script>"""

pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def site(tmp_path_factory) -> Path:
    """The site as ``nox -s docs`` builds it."""
    target = tmp_path_factory.mktemp("site") / "html"
    argv = [sys.executable, "-m", "sphinx", "-q", "-W", "-b", "html", str(ROOT / "docs"), str(target)]
    subprocess.run(argv, check=True)
    return target


@pytest.fixture(scope="module")
def with_browser(site) -> Iterator[Machine]:
    try:
        with machine(BASE) as fresh:
            fresh.copy_in(site, "/root/site")
            yield fresh
    except UnavailableError as problem:
        pytest.skip(str(problem))


def pages(site: Path) -> list[str]:
    return sorted(str(path.relative_to(site)) for path in site.rglob("*.html") if "_static" not in path.parts)


def look(where: Machine, names: list[str], width: int, scheme: str) -> tuple[list[dict], list[str]]:
    """What pages say of themselves in a window of a width, and what they wrote to the console."""
    frames = "".join(
        f'<iframe title="{name}" src="site/{name}" style="border:0;width:{width}px;height:2000px"></iframe>'
        for name in names
    )
    where.write("/root/around.html", AROUND.format(frames=frames))
    done = where.run(
        "chromium-headless-shell", "--no-sandbox", "--disable-gpu", "--allow-file-access-from-files",
        "--enable-logging=stderr", f"--blink-settings=preferredColorScheme={SCHEMES[scheme]}",
        f"--window-size={width},2000", "--virtual-time-budget=20000", "--dump-dom", "file:///root/around.html",
    )  # fmt: skip
    found = re.search(r'<pre id="told">(.*?)</pre>', done.output, re.DOTALL)
    assert found, done.stderr[-2000:]
    console = [line for line in done.stderr.splitlines() if "CONSOLE" in line]
    return json.loads(found[1].replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")), console


@pytest.mark.parametrize("width", [390, 1440])
@pytest.mark.parametrize("scheme", SCHEMES)
def test_every_page_fits_and_can_be_read(with_browser, site, width, scheme):
    names = pages(site)
    assert len(names) > 40
    told, console = look(with_browser, names, width, scheme)
    assert [one["page"] for one in told] == names
    assert all("accel-doctor" in one["title"] for one in told)
    assert [(one["page"], one["wide"]) for one in told if one["wide"]] == []
    assert {pale for one in told for pale in one["pale"]} == set()
    assert console == []


def test_every_page_is_reached_from_the_first(site):
    links = re.findall(r'href="([^"#:]+\.html)', (site / "index.html").read_text(encoding="utf-8"))
    reached = {str((site / link).resolve().relative_to(site)) for link in links} | {"index.html"}
    assert set(pages(site)) - reached == set()
