"""Drafts of symptoms from one line, and new entries in the text of rule files."""

from __future__ import annotations

import re
from typing import Any

import pytest

from accel_doctor.model.needs import Need
from accel_doctor.rulebook.authoring.inserting import with_package_rule, with_symptom
from accel_doctor.rulebook.authoring.proposing import draft, stem
from accel_doctor.rulebook.symptoms import complaint_about
from accel_doctor.rulebook.yaml_reading import parse

PATH_NAME = "(?P<name>[A-Za-z0-9_][A-Za-z0-9_.+/-]*)"
NAME = "(?P<name>[A-Za-z0-9_][A-Za-z0-9_.+-]*)"


@pytest.mark.parametrize(
    ("line", "need", "contains", "pattern"),
    [
        (
            "src/foo.c:3:10: fatal error: zbar.h: No such file or directory",
            "header:zbar.h",
            ": No such file or directory",
            rf"fatal error: {PATH_NAME}: No such file or directory",
        ),
        (
            "configure: error: Package libfoo >= 1.2 is required",
            "pkgconfig:libfoo",
            "configure: error: Package",
            rf"configure: error: Package {NAME} >= \S+ is required",
        ),
        (
            'RuntimeError: frob engine "libfrob" could not be loaded (twice)',
            "library:frob",
            "could not be loaded (twice)",
            rf"RuntimeError: {NAME} engine \S+ could not be loaded \(twice\)",
        ),
        (
            "cannot open /usr/share/frob/frob.xml for reading",
            "file:frob.xml",
            "cannot open",
            rf"cannot open \S*/{PATH_NAME} for reading",
        ),
        ("nofrob frobs x=frob is gone", "command:frob", "nofrob frobs x=", rf"nofrob frobs x={PATH_NAME} is gone"),
        (
            "please install the frobnicator first (see /usr/share/doc/x)",
            "command:frob",
            "please install the frobnicator first (see",
            r"please install the frobnicator first \(see",
        ),
    ],
)
def test_a_draft_keeps_the_tools_words_and_drops_what_varies(line, need, contains, pattern):
    proposed = draft(line, Need.parse(need))
    assert (proposed.contains, proposed.pattern) == (contains, pattern)
    assert complaint_about(pattern) is None
    assert contains in line
    found = re.search(pattern, line)
    assert found
    assert found.groupdict().get("name", Need.parse(need).name) == Need.parse(need).name
    assert (proposed.kind is None) == ("name" not in found.groupdict())


@pytest.mark.parametrize(("line", "need"), [("zbar.h", "header:zbar.h"), ("x 12 /a/b", "command:frob")])
def test_a_line_that_says_nothing_else_makes_no_symptom(line, need):
    with pytest.raises(ValueError, match="nothing distinguishes this line from others"):
        draft(line, Need.parse(need))


def test_a_symptom_is_called_after_its_words():
    assert stem(draft("fatal error: the zlib.h file was not seen", Need.parse("header:zlib.h"))) == "header-file-seen"


SYMPTOM = """\
  header-such-file-directory:
    role: fatal
    kind: header
    contains: [": No such file or directory"]
    pattern: 'it''s gone: (?P<name>[A-Za-z0-9_][A-Za-z0-9_.+/-]*): No such file or directory'
    match:
      - {log: "it's gone: \\"a.h: No such file or directory", needs: [header:a.h]}
    miss: ["near", "\\"nearer\\""]
"""


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (None, f"schema: 1\nsymptoms:\n{SYMPTOM}"),
        ("schema: 1\nsymptoms:\n", f"schema: 1\nsymptoms:\n{SYMPTOM}"),
        (
            "schema: 1\nsymptoms:\n  one: {role: echo}\n  # more\nadvice:\n  network: {x: y}\n",
            f"schema: 1\nsymptoms:\n  one: {{role: echo}}\n{SYMPTOM}  # more\nadvice:\n  network: {{x: y}}\n",
        ),
        (  # prose would speak first on its line
            "schema: 1\nsymptoms:\n  one:\n    role: echo\n  # prose\n  two:\n    role: hint\n  three: {role: hint}\n",
            f"schema: 1\nsymptoms:\n  one:\n    role: echo\n{SYMPTOM}"
            "  # prose\n  two:\n    role: hint\n  three: {role: hint}\n",
        ),
        ("schema: 1\nsymptoms:\n  two: {role: hint}\n", f"schema: 1\nsymptoms:\n  two: {{role: hint}}\n{SYMPTOM}"),
    ],
)
def test_a_symptom_is_added_below_the_others(before, after):
    text = with_symptom(before, *_symptom())
    assert text == after


def _symptom():
    from dataclasses import replace

    proposed = draft("fatal error: a.h: No such file or directory", Need.parse("header:a.h"))
    line = "it's gone: \"a.h: No such file or directory"
    pattern = f"it's gone: {PATH_NAME}: No such file or directory"
    return stem(proposed), replace(proposed, line=line, pattern=pattern), ["near", '"nearer"']


def test_characters_that_nobody_sees_are_escaped():
    line = "fatal error: a.h: No such file or directory \u202e\ufeff\U000e0001 é 😀"
    text = with_symptom(None, "x", draft(line, Need.parse("header:a.h")), ["near \x85"])
    assert "\\U0000202e\\U0000feff\\U000e0001 é 😀" in text
    assert all(character.isprintable() or character == "\n" for character in text)
    problems: list[str] = []
    top: Any = parse(text, "x.yaml", problems).value
    assert problems == []
    assert top["symptoms"]["x"]["match"][0]["log"] == line
    assert top["symptoms"]["x"]["miss"] == ["near \x85"]


@pytest.mark.parametrize(
    ("before", "need", "packages", "after"),
    [
        (None, "command:12", ["a-1", "no"], 'schema: 1\nfamily: deb\nneeds:\n  command:\n    "12": [a-1, "no"]\n'),
        (
            "schema: 1\nfamily: deb\nneeds:\n  header:\n    a.h: x\n    z.h: y\n  # tail\n\nreleases: {}\n",
            "header:m.h",
            ["pkgconfig(m)"],
            "schema: 1\nfamily: deb\nneeds:\n  header:\n    a.h: x\n    m.h: pkgconfig(m)\n    z.h: y\n  # tail\n\n"
            "releases: {}\n",
        ),
        (
            "schema: 1\nneeds:\n    header:\n        a.h: x\nmanager: apt\n",
            "library:m",
            ["libm-dev"],
            "schema: 1\nneeds:\n    header:\n        a.h: x\n    library:\n      m: libm-dev\nmanager: apt\n",
        ),
    ],
)
def test_packages_are_sorted_in(before, need, packages, after):
    assert with_package_rule(before, "deb", Need.parse(need), packages) == after


@pytest.mark.parametrize(
    ("before", "complaint"),
    [
        ("schema: 1\nneeds: {header: {b.h: x}}\n", "needs is on one line: give each entry a line of its own"),
        ("schema: 1\nneeds:\n  header:\n    a.h: null\n", "needs.header.a.h already exists: change it by hand"),
        ("schema: 1\nneeds: [\n", "not YAML: while parsing a flow node"),
        ("- x\n", "not a mapping"),
    ],
)
def test_files_that_take_no_entry(before, complaint):
    with pytest.raises(ValueError, match=complaint):
        with_package_rule(before, "deb", Need.parse("header:a.h"), ["liba-dev"])
