"""``shown``: what the merged rules say about one thing, and where."""

from __future__ import annotations

import pytest
from books import book_of

from accel_doctor.model.machine import Distribution
from accel_doctor.rulebook.authoring.showing import names, shown

LOWER = {
    "debian": """\
schema: 1
family: debian
manager: apt
checked: ["13"]
pythons: {"13": "3.13"}
matches: {ids: [debian, kali]}
needs:
  header: {a.h: liba-dev, b/*: [libb-dev, libb2-dev], Python.h: "python{{ python.version }}-dev"}
  command: {thing: {packages: thing, alternatives: [[other, more]], advice: "mind the gap"}}
releases:
  "12": {needs: {header: {a.h: null}}}
""",
    "python": "schema: 1\npackages: {thing: {needs: [header:a.h, compiler:c], sdist_only: true, unverified: true}}\n"
    "companions: {header:a.h: [command:thing]}\n",
    "symptoms": """\
schema: 1
cures: {resource: {memory: [{jobs: 1}, {variables: {JOBS: "1"}, python: "<3.12"}]}}
symptoms:
  lacks-a:
    role: fatal
    kind: header
    explained_by: [cmake]
    contains: [lacks]
    pattern: 'lacks (?P<name>\\S+)'
    names: {one: "header:a.h"}
    match: [{log: lacks a.h, needs: [header:a.h]}]
    miss: [lax]
""",
}
UPPER = "schema: 1\nfamily: debian\nunverified: true\nneeds: {header: {a.h: libmine-dev}}\n"


@pytest.fixture
def book(tmp_path):
    for name, text in LOWER.items():
        (tmp_path / f"{name}.yaml").write_text(text)
    (tmp_path / "upper").mkdir()
    (tmp_path / "upper/debian.yaml").write_text(UPPER)
    return book_of([tmp_path, tmp_path / "upper"])


def test_a_need_with_every_statement_and_its_file(book, tmp_path):
    assert shown("header:a.h", book, None) == [
        "header:a.h",
        f"  debian: libmine-dev ({tmp_path}/upper/debian.yaml, unverified)",
        "  debian 12: known to be absent (rules/debian.yaml)",
        "  debian: liba-dev (rules/debian.yaml)",
        "  shown by: lacks-a",
        "  needed by: thing",
        "  asked for next: command:thing",
    ]


def test_a_need_on_one_distribution(book):
    kali = Distribution("kali", "2026.1")
    assert shown("header:b/x.h", book, kali) == [
        "header:b/x.h",
        "  kali 2026.1: libb-dev libb2-dev (rules/debian.yaml)",
    ]
    assert shown("command:thing", book, kali)[1] == (
        "  kali 2026.1: thing, or other more; mind the gap (rules/debian.yaml)"
    )
    assert shown("command:nothing", book, kali) == ["command:nothing", "  kali 2026.1: no rule"]
    assert shown("command:nothing", book, None) == ["command:nothing", "  no family has a rule for it"]
    assert shown("resource:memory", book, None) == [
        "resource:memory",
        "  cured by: 1 at once; or JOBS=1 (Python <3.12)",
    ]


def test_names_are_those_for_the_distributions_own_python(book):
    template = "python{{ python.version }}-dev (rules/debian.yaml)"
    assert shown("header:Python.h", book, Distribution("debian", "13"))[1] == (
        "  debian 13: python3.13-dev (rules/debian.yaml)"
    )
    assert shown("header:Python.h", book, Distribution("debian", "10"))[1] == f"  debian 10: {template}"
    assert shown("header:Python.h", book, None)[1] == f"  debian: {template}"


def test_a_symptom(book):
    assert shown("lacks-a", book, None) == [
        "lacks-a (rules/symptoms.yaml)",
        "  role: fatal",
        "  explained by: cmake",
        "  kind: header",
        "  name one: header:a.h",
        '  contains: "lacks"',
        "  pattern: lacks (?P<name>\\S+)",
        '  match: "lacks a.h": header:a.h',
        '  miss: "lax"',
    ]


def test_a_python_package(book, tmp_path):
    head = ["thing (rules/python.yaml, unverified)", "  PyPI has no Linux wheels for it"]
    assert shown("Thing", book, None) == [*head, "  header:a.h", "  compiler:c"]
    assert shown("thing", book, Distribution("debian", "13")) == [
        *head,
        f"  header:a.h: libmine-dev ({tmp_path}/upper/debian.yaml, unverified)",
        "  compiler:c",
    ]


def test_a_family(book, tmp_path):
    assert shown("debian", book, None) == [
        f"debian (rules/debian.yaml, {tmp_path}/upper/debian.yaml)",
        "  manager: apt",
        "  distributions: debian, kali",
        "  releases with overrides: 12",
        "  checked against: 13",
        "  5 needs, 1 unverified",
    ]


def test_nothing_of_the_kind(book):
    assert shown("nothing", book, None) == []
    assert names(book) == ["lacks-a", "thing", "debian"]
