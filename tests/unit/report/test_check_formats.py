"""What ``check`` says to CI services."""

from __future__ import annotations

import json
from xml.etree import ElementTree

import jsonschema
import pytest
from paths import ROOT

from accel_doctor import __version__
from accel_doctor.foresight import Certainty, ForeseenBuild, ForeseenNeed, Foresight
from accel_doctor.model.machine import Distribution
from accel_doctor.model.needs import Need
from accel_doctor.model.plans import Plan
from accel_doctor.model.requests import RequirementLine
from accel_doctor.report.check_findings import ForesightReport
from accel_doctor.report.check_formats import FORMATS

SARIF = json.loads((ROOT / "tests/data/sarif-schema-2.1.0.json").read_text())  # as OASIS publishes it
HOSTILE = "evil\r\n::error::owned 100%, a:b ]]> <x/>&\x00\x1b[2J\ud800\ufffe"

PG = ForeseenNeed(Need.parse("command:pg_config"), False, ("libpq-dev",))
ODD = ForeseenNeed(Need.parse("header:odd.h"), False)
LINKED = ForeseenNeed(Need.parse("soname:libyaml-0.so.2"), False, ("libyaml-0-2",))
HERE = ForeseenNeed(Need.parse("compiler:c"), True)
BUILDS = (
    ForeseenBuild("psycopg2", "2.9.10", Certainty.CERTAIN, "no compatible wheel", needs=(PG, ODD, HERE)),
    ForeseenBuild("pyyaml", "6.0", Certainty.NO, "its wheel is cached", needs=(LINKED,)),
    ForeseenBuild("click", None, Certainty.NO, "has a compatible wheel"),
    ForeseenBuild("maybe", None, Certainty.POSSIBLE, "only without a compatible wheel", needs=(ODD,)),
)
LINES = (
    RequirementLine("click", "command line", name="click"),
    RequirementLine("from-the-web", "https://host/r.txt:1", name="from-the-web"),
    RequirementLine("psycopg2", "requirements.txt:3", name="psycopg2"),
)


def report(*builds: ForeseenBuild, lines=LINES, probed=True, known=None, lock=None) -> ForesightReport:
    foresight = Foresight(builds or BUILDS, Plan())
    return ForesightReport(Distribution("debian", "13"), "3.13", True, probed, foresight, lines, lock, known)


def hostile(file: str = HOSTILE) -> ForesightReport:
    line = RequirementLine(HOSTILE, f"{file}:7")
    return report(ForeseenBuild(HOSTILE, HOSTILE, Certainty.CERTAIN, HOSTILE, needs=(PG,)), lines=(line,))


def test_github_gets_one_command_per_distribution():
    assert FORMATS["github"](report()).splitlines() == [
        "::error title=accel-doctor check%3A psycopg2 2.9.10,file=requirements.txt,line=3::psycopg2 needs"
        " command:pg_config: missing, install libpq-dev; psycopg2 needs header:odd.h: missing, no known package",
        "::error title=accel-doctor check%3A pyyaml 6.0,file=requirements.txt::the cached wheel of pyyaml links"
        " soname:libyaml-0.so.2: missing, install libyaml-0-2",
    ]


def test_what_the_baseline_has_is_no_annotation():
    known = frozenset({("psycopg2", "command:pg_config"), ("pyyaml", "soname:libyaml-0.so.2")})
    assert FORMATS["github"](report(known=known)) == (
        "::error title=accel-doctor check%3A psycopg2 2.9.10,file=requirements.txt,line=3::psycopg2 needs header:odd.h:"
        " missing, no known package"
    )


def test_another_machine_is_told_by_notices_unless_there_is_a_baseline():
    build = ForeseenBuild("one", "1", Certainty.CERTAIN, "", needs=(ForeseenNeed(PG.need, None, ("libpq-dev",)),))
    assert FORMATS["github"](report(build, probed=False, lock="pylock.toml")) == (
        "::notice title=accel-doctor check%3A one 1,file=pylock.toml::one needs command:pg_config: install libpq-dev"
    )
    assert FORMATS["github"](report(build, probed=False, known=frozenset())).startswith("::error ")


@pytest.mark.parametrize(
    ("origin", "shown"),
    [
        ("pyproject.toml, group dev", ",file=pyproject.toml::"),
        ("tools/run.py", ",file=tools/run.py::"),
        ("a:1:22", ",file=a%3A1,line=22::"),
        ("command line", "::psycopg2"),
        ("https://host/r.txt:3", "::psycopg2"),
    ],
)
def test_places_are_files_here(origin, shown):
    said = FORMATS["github"](report(BUILDS[0], lines=(RequirementLine("psycopg2", origin, name="psycopg2"),)))
    assert said.startswith(f"::error title=accel-doctor check%3A psycopg2 2.9.10{shown}")


def test_nothing_hostile_gets_out_of_a_workflow_command():
    (line,) = FORMATS["github"](hostile()).splitlines()
    properties, _, message = line.removeprefix("::error ").partition("::")
    shown = "evil\ufffd\ufffd%3A%3Aerror%3A%3Aowned 100%25%2C a%3Ab ]]> <x/>&\ufffd\ufffd[2J\ufffd\ufffd"
    assert properties == f"title=accel-doctor check%3A {shown} {shown},file={shown},line=7"
    assert message.startswith("evil\ufffd\ufffd::error::owned 100%25, a:b")


def test_sarif_is_as_its_schema_says():
    document = json.loads(FORMATS["sarif"](report(known=frozenset({("psycopg2", "header:odd.h")}))))
    jsonschema.Draft4Validator(SARIF).validate(document)
    (run,) = document["runs"]
    assert run["tool"]["driver"]["version"] == __version__
    rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    assert rules == ["missing-command", "missing-header", "missing-soname"]
    pg, odd, linked = run["results"]
    assert pg == {
        "ruleId": "missing-command",
        "ruleIndex": 0,
        "level": "error",
        "message": {"text": "psycopg2 needs command:pg_config: missing, install libpq-dev"},
        "partialFingerprints": {"packageAndNeed/v1": "psycopg2 command:pg_config"},
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": {"uri": "requirements.txt", "uriBaseId": "%SRCROOT%"},
                    "region": {"startLine": 3},
                }
            }
        ],
    }
    assert odd["suppressions"] == [{"kind": "external", "justification": "in the baseline"}]
    assert "region" not in linked["locations"][0]["physicalLocation"]


@pytest.mark.parametrize(
    ("file", "uri"),
    [("/a b/r.txt", "file:///a%20b/r.txt"), ("a%b:c.txt", "a%25b%3Ac.txt")],
    ids=["absolute", "relative"],
)
def test_sarif_names_files_by_uri(file, uri):
    document = json.loads(FORMATS["sarif"](hostile(file)))
    jsonschema.Draft4Validator(SARIF).validate(document)
    assert document["runs"][0]["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == uri


@pytest.mark.parametrize("builds", [(), (ForeseenBuild("a", "1", Certainty.NO, ""),)], ids=["found", "nothing found"])
def test_sarif_without_places_is_valid(builds):
    jsonschema.Draft4Validator(SARIF).validate(json.loads(FORMATS["sarif"](report(*builds, lines=()))))


def test_junit_has_a_case_per_distribution():
    root = ElementTree.fromstring(FORMATS["junit"](report(known=frozenset({("pyyaml", "soname:libyaml-0.so.2")}))))
    (suite,) = root
    assert suite.attrib == {
        "name": "accel-doctor check", "tests": "4", "failures": "1", "errors": "0", "skipped": "1"
    }  # fmt: skip
    psycopg2, pyyaml, click, maybe = suite
    assert psycopg2.attrib == {
        "classname": "accel-doctor.check", "name": "psycopg2 2.9.10", "file": "requirements.txt", "line": "3"
    }  # fmt: skip
    failure = psycopg2[0]
    assert (failure.tag, failure.attrib) == (
        "failure",
        {"type": "missing", "message": "psycopg2 needs command:pg_config: missing, install libpq-dev"},
    )
    assert failure.text.splitlines() == [
        "requirements.txt:3",
        "psycopg2 needs command:pg_config: missing, install libpq-dev",
        "psycopg2 needs header:odd.h: missing, no known package",
    ]
    assert (pyyaml[0].tag, pyyaml[0].attrib) == ("skipped", {"message": "in the baseline"})
    assert (list(click), list(maybe)) == ([], [])


def test_junit_tells_of_another_machine_without_failing():
    (suite,) = ElementTree.fromstring(FORMATS["junit"](report(probed=False)))
    assert (suite.get("failures"), suite[0][0].tag) == ("0", "system-out")


def test_nothing_hostile_gets_out_of_xml():
    text = FORMATS["junit"](hostile())
    (suite,) = ElementTree.fromstring(text)
    (case,) = suite
    assert [child.tag for child in case] == ["failure"]
    assert case.get("name").startswith("evil\ufffd\ufffd::error::owned 100%, a:b ]]> <x/>&\ufffd\ufffd[2J\ufffd")
    assert "\n::" not in text
