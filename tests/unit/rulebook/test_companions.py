"""``companions`` in python.yaml: what a build asks for next."""

from __future__ import annotations

import pytest
from books import book_of, load

from accel_doctor.errors import RuleError
from accel_doctor.model.needs import Need
from accel_doctor.rulebook import Rulebook

C = Need.parse("compiler:c")


@pytest.fixture
def rulebook(tmp_path):
    def make(*texts: str) -> Rulebook:
        for number, text in enumerate(texts):
            (tmp_path / str(number)).mkdir()
            (tmp_path / str(number) / "python.yaml").write_text(f"schema: 1\n{text}\n")
        return book_of([tmp_path / str(number) for number in range(len(texts))])

    return make


def test_a_later_layer_replaces_an_entry(rulebook):
    book = rulebook(
        "companions: {compiler:c: [header:Python.h], compiler:rust: [compiler:c]}", "companions: {compiler:c: []}"
    )
    assert book.companions(C) == ()
    assert book.companions(Need.parse("compiler:rust")) == (C,)
    assert book.companions(Need.parse("header:x.h")) == ()


def test_the_oldest_version_that_works_is_that_of_the_newest_python_known(rulebook):
    book = rulebook(
        'oldest_build_requirements: {Cython: {"3.11": 0.29.29, "3.13": 3.0.5}}',
        'oldest_build_requirements: {cython: {"3.14": "3.1"}}',
    )
    pythons = ("3.10", "3.11", "3.12", "3.13", "3.15")
    assert [str(book.python_rules.oldest("cython", python)) for python in pythons] == [
        "None", "0.29.29", "0.29.29", "3.0.5", "3.1"
    ]  # fmt: skip
    assert book.python_rules.oldest("other", "3.13") is None


def test_what_a_python_lost_later_ones_do_not_have(rulebook):
    book = rulebook('removed_from_c: {"3.12": [a], "3.13": [b]}', 'removed_from_c: {"3.13": [c]}')
    removed = [sorted(book.python_rules.removed_in(python)) for python in ("3.11", "3.12", "3.13", "3.14")]
    assert removed == [[], ["a"], ["a", "c"], ["a", "c"]]


def test_oldest_versions_are_versions(rulebook):
    with pytest.raises(RuleError) as caught:
        rulebook("oldest_build_requirements: {cython: {'3.11': new}}").python_rules.oldest("cython", "3.11")
    where = "rules/python.yaml: oldest_build_requirements.cython.3.11"
    assert caught.value.problems == (f"{where}: Invalid version: 'new'",)


def test_a_mistake_names_file_and_key(rulebook):
    with pytest.raises(RuleError) as caught:
        rulebook("companions: {compilers:c: [header:Python.h]}").companions(C)
    assert caught.value.problems == (
        "rules/python.yaml: companions.compilers:c: no kind of need is called 'compilers'",
    )


def test_shipped_a_c_compiler_is_followed_by_the_interpreters_headers():
    assert load().companions(C) == (Need.parse("header:Python.h"),)
