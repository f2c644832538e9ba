"""What a run's report has from watching it: times, failures with their lines, what plans would do."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest
from fakes import FakeReporter, interpreter
from paths import ROOT

from accel_doctor.cli.terminal.recording import Recording
from accel_doctor.errors import ExitCode, NetworkError
from accel_doctor.model.builds import Built, Failed, Source, SourceKind, Wheel
from accel_doctor.model.cures import Confidence, Reason, SystemPackage
from accel_doctor.model.machine import Distribution
from accel_doctor.model.needs import Diagnosis, Finding, Need, Role
from accel_doctor.model.plans import Case, Consent, Plan, Result, Simulation
from accel_doctor.report.run_record import record_document
from accel_doctor.report.run_report import run_document

SCHEMA = json.loads((ROOT / "docs/reference/report.schema.json").read_text())
SOURCE = Source("pycairo", "1.29.0", SourceKind.SDIST, "https://pypi.org/pycairo-1.29.0.tar.gz", "f" * 64)
NEED = Need.parse("pkgconfig:cairo")


class Clock:
    """A clock that is set by hand."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def recording(clock):
    return Recording(FakeReporter(), clock)


def failure(log: Path, line: int | None) -> Case:
    found = Finding(NEED, "pycairo", line or 1, 'Dependency "cairo" not found', "meson", Role.CAUSE)
    return Case(Failed("pycairo", log, "build", 1, 2.5, "1.29.0"), Diagnosis((found,) if line else ()))


def document(recording, command=("accel-doctor", "install", "pycairo")):
    return record_document(recording.record(command))


def test_steps_end_where_the_next_begins_and_builds_have_their_own_time(recording, clock):
    recording.step("Resolving")
    clock.now = 102
    recording.step("Building 1 source distribution")
    recording.build_started(SOURCE)
    clock.now = 105
    recording.build_finished(SOURCE, Built(SOURCE, Wheel(Path("/w.whl"), "0" * 64), False, 3.0, Path("/logs/1.log")))
    recording.step("Installing 2 system packages, output in /logs/2.log")
    clock.now = 109
    told = [
        (one["what"], one["name"], one["start"], one["seconds"], one["outcome"], one["log"])
        for one in document(recording)["timeline"]
    ]
    assert told == [
        ("step", "Resolving", 0, 2, None, None),
        ("step", "Building 1 source distribution", 2, 3, None, None),
        ("build", "pycairo 1.29.0", 2, 3, "built", "/logs/1.log"),
        ("step", "Installing 2 system packages", 5, 4, None, "/logs/2.log"),
    ]


def test_time_at_the_question_is_nobodys_else(recording, clock):
    recording.step("Building 1 source distribution")
    clock.now = 101
    recording._reporter.answer = Consent.NO
    recording.ask(Plan())
    clock.now = 104
    timeline = document(recording)["timeline"]
    assert [(one["what"], one["seconds"], one["outcome"]) for one in timeline] == [
        ("step", 1, None),
        ("question", 0, "no"),
    ]


def test_a_build_that_was_stopped_is_in_the_time_line(recording, clock):
    recording.build_started(SOURCE)
    clock.now = 107
    assert [(one["outcome"], one["seconds"]) for one in document(recording)["timeline"]] == [("stopped", 7)]


def test_lines_of_the_log_around_the_cause(recording, tmp_path):
    log = tmp_path / "1.log"
    log.write_text("".join(f"  line {number}\x1b[31m\n" for number in range(1, 30)) + "https://ann:secret@host/\n")
    recording.diagnosed(failure(log, 20))
    (found,) = document(recording)["diagnoses"]
    assert [line["number"] for line in found["lines"]] == [14, 15, 16, 17, 18, 19, 20, 21, 22, 23]
    assert found["lines"][0]["text"] == "  line 14\ufffd[31m"


def test_without_a_cause_the_end_of_the_log(recording, tmp_path):
    log = tmp_path / "1.log"
    log.write_text("".join(f"line {number}\n" for number in range(100)) + "https://ann:secret@host/\n")
    recording.diagnosed(failure(log, None))
    (found,) = document(recording)["diagnoses"]
    assert [line["number"] for line in found["lines"]] == [None] * 12
    assert found["lines"][-1]["text"] == "https://****@host/"


def test_long_lines_are_cut_and_still_counted(recording, tmp_path):
    log = tmp_path / "1.log"
    log.write_bytes(b"x" * 200_000 + b"\nthe cause\n" + b"y" * 100_000)
    recording.diagnosed(failure(log, 2))
    recording.diagnosed(failure(tmp_path / "gone.log", 2))
    first, second = document(recording)["diagnoses"]
    assert [(line["number"], len(line["text"])) for line in first["lines"]] == [(1, 300), (2, 9), (3, 300)]
    assert second["lines"] == []


def test_the_report_of_a_run_follows_its_schema(recording, clock, tmp_path):
    (tmp_path / "1.log").write_text("a\nb\n")
    package = SystemPackage("libcairo2-dev", (Reason(NEED, "pycairo"),), Confidence.RULE, "rules/debian.yaml")
    plan = Plan((package,), commands=(("apt-get", "install", "libcairo2-dev"),))
    case = failure(tmp_path / "1.log", 2)
    recording.step("Resolving")
    recording.build_started(SOURCE)
    recording.build_finished(SOURCE, case.failure)
    recording.diagnosed(case)
    recording.plan(plan, Simulation(("libcairo2-dev", "libc6"), download_bytes=5, disk_bytes=None))
    result = Result(ExitCode.NETWORK, None, (), (case,), plan, (plan,))
    told = run_document(result, Distribution("debian", "13"), interpreter(), NetworkError("gone", hint="wait"))
    whole = told | {"sandbox": "none"} | document(recording, ("accel-doctor", "-i", "https://ann:secret@host/simple"))
    jsonschema.Draft202012Validator(SCHEMA).validate(whole)
    assert "secret" not in json.dumps(whole)
    assert whole["simulations"] == [
        {"packages": ["libcairo2-dev"], "installs": 2, "download_bytes": 5, "disk_bytes": None}
    ]


@pytest.mark.parametrize("path", sorted((ROOT / "tests/data/runs").glob("*.json")), ids=lambda path: path.stem)
def test_recorded_reports_follow_the_schema(path):
    jsonschema.Draft202012Validator(SCHEMA).validate(json.loads(path.read_text()))
