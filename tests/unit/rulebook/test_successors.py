"""The projects that took the place of others: from file to value, and the shipped ones as sentences."""

import pytest
from books import book_of, book_of_files, load

from accel_doctor.errors import RuleError
from accel_doctor.model.releases import Succession, Successor
from accel_doctor.report.release_text import successor_line

SHIPPED = load()
RULES = """\
schema: 1
successors:
  old: {project: new, why: fork}
  enum34: {module: enum, since: "3.4"}
"""


def test_read_and_layered(tmp_path):
    rules = book_of_files(tmp_path, "python.yaml", RULES, "schema: 1\nsuccessors: {old: null}\n")
    assert rules.successor("old") is None
    assert rules.successor("enum34") == Successor("enum34", module="enum", since="3.4")
    assert book_of([tmp_path / "0"]).successor("old") == Successor("old", "new", Succession.FORK)


@pytest.mark.parametrize(
    ("entry", "complaint"),
    [
        ("Old: {project: new, why: fork}", "successors.Old: write the normalized name: old"),
        ("old: {project: Py_New, why: fork}", "successors.old.project: write the normalized name: py-new"),
        ("old: {project: new, why: better}", "successors.old.why: expected one of renamed, fork, placeholder"),
        ("old: {project: new}", "successors.old: 'why' is missing"),
        ("old: {module: enum}", "successors.old: 'since' is missing"),
        (
            'old: {module: enum, since: "3"}',
            "successors.old.since: expected the version of Python that has the module first, such as 3.4",
        ),
        ('old: {module: enum, since: "3.4", why: fork}', "successors.old.why: unknown key"),
    ],
)
def test_mistakes_are_reported_where_they_are(tmp_path, entry, complaint):
    with pytest.raises(RuleError) as caught:
        book_of_files(tmp_path, "python.yaml", f"schema: 1\nsuccessors: {{{entry}}}\n").successor("old")
    assert any(complaint in problem for problem in caught.value.problems)


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("sklearn", "sklearn on PyPI is only a placeholder: install scikit-learn instead"),
        ("beautifulsoup", "beautifulsoup is now called beautifulsoup4: install beautifulsoup4 instead"),
        ("pycrypto", "pycrypto is no longer maintained: pycryptodome took its place"),
        ("backports-zoneinfo", "backports-zoneinfo is part of Python since 3.9, as zoneinfo: leave it out"),
    ],
)
def test_shipped_ones_as_sentences(name, line):
    successor = SHIPPED.successor(name)
    assert successor is not None
    assert successor_line(successor) == line


def test_a_module_takes_the_place_only_where_python_has_it():
    zoneinfo = SHIPPED.successor("backports-zoneinfo")
    assert zoneinfo is not None
    assert [zoneinfo.applies_to(version) for version in ("3.8", "3.9", "3.10", "3.13")] == [False, True, True, True]
    assert Successor("a", "b", Succession.FORK).applies_to("3.8")
