"""The cures of symptoms.yaml: from file to options."""

import pytest
from books import book_of_files

from accel_doctor.errors import RuleError
from accel_doctor.model.cures import BuildChanges, SourceStep
from accel_doctor.model.needs import Need

RULES = """\
schema: 1
cures:
  build-constraint:
    setuptools<58:
      - {constraints: ["setuptools<58"], python: "<3.12"}
      - {variables: {CFLAGS: -fcommon}, jobs: 1, steps: [regenerate-cython], releases: ["x<2"], affects: "x is old"}
    never: []
"""


def test_options_in_order(tmp_path):
    older, other = book_of_files(tmp_path, "symptoms.yaml", RULES).cures(Need.parse("build-constraint:setuptools<58"))
    assert older.changes == BuildChanges(constraints=("setuptools<58",))
    assert [older.works_on(version) for version in ("3.8", "3.11", "3.12", "3.13")] == [True, True, False, False]
    assert older.affects is None
    assert other.changes == BuildChanges(
        variables=(("CFLAGS", "-fcommon"),), jobs=1, steps=(SourceStep.REGENERATE_CYTHON,)
    )
    assert (other.releases, other.affects, other.works_on("3.13")) == (("x<2",), "x is old", True)
    assert str(other) == "CFLAGS=-fcommon, 1 at once, C code generated again by Cython, install x<2"


def test_nothing_cures_it_is_not_the_same_as_no_rule(tmp_path):
    rules = book_of_files(tmp_path, "symptoms.yaml", RULES)
    assert rules.cures(Need.parse("build-constraint:never")) == ()
    assert rules.cures(Need.parse("build-constraint:other")) is None


def test_a_later_layer_replaces_an_entry(tmp_path):
    later = 'schema: 1\ncures: {build-constraint: {never: [{constraints: ["a<1"]}]}}\n'
    (option,) = book_of_files(tmp_path, "symptoms.yaml", RULES, later).cures(Need.parse("build-constraint:never"))
    assert option.changes.constraints == ("a<1",)


@pytest.mark.parametrize(
    ("option", "complaint"),
    [
        ("{}", ": does nothing: write [] as the list of options if nothing cures the need"),
        ("{constraints: [setuptools]}", ".constraints[0]: expected a name and versions, such as setuptools<58"),
        ("{requirements: ['a @ https://example.org/a.zip']}", ".requirements[0]: expected a name and versions, such as "
         "setuptools<58"),
        ("{variables: {'A B': x}}", ".variables: 'A B' is not the name of an environment variable"),
        ("{steps: [patch]}", ".steps: no such step: expected one of regenerate-cython, older-python, "
         "newer-pybind11, builtins-module"),
        ("{jobs: 0}", ".jobs: expected a positive number, got 0"),
        ("{jobs: 1, python: new}", ".python: expected versions of Python such as <3.12, got 'new'"),
        ("{jobs: 1, shell: rm}", ".shell: unknown key: expected one of affects, constraints, from_source, jobs, "
         "python, releases, requirements, steps, unverified, variables"),
    ],
)  # fmt: skip
def test_complaints(tmp_path, option, complaint):
    with pytest.raises(RuleError) as raised:
        book_of_files(tmp_path, "symptoms.yaml", f"schema: 1\ncures: {{resource: {{memory: [{option}]}}}}\n").cures(
            Need.parse("resource:memory")
        )
    assert raised.value.problems == (f"rules/symptoms.yaml: cures.resource.memory[0]{complaint}",)


def test_needs_of_packages_are_cured_elsewhere(tmp_path):
    with pytest.raises(RuleError) as raised:
        book_of_files(tmp_path, "symptoms.yaml", "schema: 1\ncures: {header: {a.h: []}}\n").cures(
            Need.parse("resource:memory")
        )
    assert raised.value.problems == (
        "rules/symptoms.yaml: cures.header.a.h: system packages meet needs of this kind: name them in the file of a "
        "distribution",
    )
