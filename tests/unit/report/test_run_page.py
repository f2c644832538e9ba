"""The page of a run: well-formed, complete, and deaf to whatever a build printed."""

from __future__ import annotations

import json
import re
from contextlib import nullcontext
from html.parser import HTMLParser

import pytest
from paths import ROOT

from accel_doctor.report.run_page import run_page, seconds

RUNS = ROOT / "tests/data/runs"
HOSTILE = '</pre><script>alert(1)</script><img src=x onerror=alert(1)> \x1b[31m {{ 7 * 7 }} " onload="'
EMPTY = {"br", "hr", "img", "input", "line", "link", "meta", "rect"}


class Reader(HTMLParser):
    """Collects elements, attributes and text; fails where tags do not match."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.text: list[str] = []

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        if tag not in EMPTY:
            self.open.append(tag)

    def handle_endtag(self, tag):
        if tag not in EMPTY:
            assert self.open.pop() == tag

    def handle_data(self, data):
        self.text.append(data)


def page_of(document) -> Reader:
    reader = Reader()
    reader.feed(run_page(document, "1.0"))
    assert reader.open == []
    return reader


def recorded(name):
    return json.loads((RUNS / f"{name}.json").read_text())


def text_of(reader: Reader) -> str:
    return " ".join(" ".join(reader.text).split())


def test_a_run_that_was_cured():
    text = text_of(page_of(recorded("cured")))
    for expected in (
        "done",
        "accel-doctor install --yes --python demo --no-binary markupsafe -r requirements.txt",
        "zbarlight 4.0 failed, 4.7 s",
        "Installing 5 system packages 1 min 8 s",
        "psycopg2 2.9.10 built, 16 s",
        "header:zbar.h for zbarlight: src/zbarlight/_zbarlight.c:3: #include <zbar.h>",
        "304 packages, 104.0 MB downloaded, 738.0 MB on disk",
        "508.8 kB",
        "failure, 0 left",
    ):
        assert expected in text


def test_a_run_that_ended_at_the_question():
    text = text_of(page_of(recorded("not-confirmed")))
    for expected in (
        "exit code 4: cures are known, but installing them was not confirmed; or a removal was not",
        "What is left",
        "libgraphviz-dev",
        "header:graphviz/cgraph.h line 78",
        "78 pygraphviz/graphviz_wrap.c:3020:10: fatal error: graphviz/cgraph.h: No such file or directory",
        "failures, 2 left",
    ):
        assert expected in text


def test_the_page_runs_and_fetches_nothing():
    page = run_page(recorded("cured"), "1.0")
    assert "default-src 'none'; style-src 'unsafe-inline'" in page
    assert not re.search(r"<script|<link|<iframe|\bsrc=|\bhref=|url\(|@import|\bon[a-z]+=", page)


def hostile(value):
    """Return a document with every text replaced by what a build may print."""
    if isinstance(value, dict):
        return {key: hostile(one) for key, one in value.items()}
    if isinstance(value, list):
        return [hostile(one) for one in value] * 2
    return HOSTILE if isinstance(value, str) else value


@pytest.mark.parametrize("name", ["cured", "not-confirmed"])
def test_whatever_was_printed_is_only_text(name):
    before = recorded(name)
    before["error"] = {"message": "m", "hint": "h"}
    before["plan"] = before["plan"] or before["transactions"][0]
    cure = {
        "need": "n",
        "package": "p",
        "evidence": "e",
        "version": "1",
        "constraints": ["c"],
        "requirements": ["r"],
        "variables": {"CFLAGS": "f"},
        "jobs": 1,
        "steps": ["s"],
        "releases": ["l"],
        "from_source": [],
        "affects": "a",
        "source": "o",
    }
    before["plan"]["build_cures"] = [cure]
    before["plan"]["unmet"] = [{"need": "n", "package": "p", "evidence": "e", "advice": "a"}]
    before["alternatives"] = [{"text": ["t"]}]
    clean, attacked = page_of(before), page_of(hostile(before))
    assert attacked.tags <= clean.tags
    assert attacked.attributes <= clean.attributes
    text = "".join(attacked.text)
    assert "<script>alert(1)</script>" in text
    assert "{{ 7 * 7 }}" in text
    assert "\x1b" not in text


@pytest.mark.parametrize("name", sorted(recorded("cured")))
def test_a_document_that_lacks_something_is_refused(name):
    document = recorded("cured")
    del document[name]
    optional = name in ("schema", "packages")
    with nullcontext() if optional else pytest.raises(ValueError, match="^incomplete: "):
        assert run_page(document, "1.0").endswith("</html>")


@pytest.mark.parametrize(
    ("amount", "told"),
    [
        (0, "0 s"),
        (0.04, "0 s"),
        (2.69, "2.7 s"),
        (9.96, "10 s"),
        (59.4, "59 s"),
        (60, "1 min"),
        (125, "2 min 5 s"),
        (3600, "1 h"),
        (3780, "1 h 3 min"),
    ],
)
def test_times_as_people_say_them(amount, told):
    assert seconds(amount) == told
