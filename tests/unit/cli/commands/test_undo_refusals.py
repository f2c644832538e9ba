"""What ``undo`` refuses before it asks the package manager anything: other machines, other users, damaged lines."""

from __future__ import annotations

import json

import pytest
from fakes import FakeReporter

from accel_doctor.cli import main
from accel_doctor.cli.commands import undo
from accel_doctor.errors import ExitCode
from accel_doctor.journal import Journal, journal_entry
from accel_doctor.model.cures import Confidence, SystemPackage
from accel_doctor.model.machine import Distribution
from accel_doctor.model.plans import Plan
from accel_doctor.system.distribution import machine_mark, read_distribution

GCC = SystemPackage("gcc", (), Confidence.RULE, "rules/debian.yaml")
ELSEWHERE = Distribution("debian", "7", "wheezy", (), "Debian GNU/Linux 7 (wheezy)")


@pytest.fixture
def journal(somewhere, monkeypatch):
    monkeypatch.setenv("ACCEL_DOCTOR_STATE_DIR", str(somewhere / "state"))
    monkeypatch.setattr(undo, "machine_mark", lambda: "here")
    return somewhere / "state/journal.jsonl"


@pytest.fixture
def said(capsys):
    def run(*words: str) -> tuple[int, str]:
        code = main.run(["undo", *words])
        return code, capsys.readouterr().err

    return run


def written(path, distribution=None, manager="apt", machine="here", new=("gcc",)):
    plan = Plan((GCC,), commands=(("apt-get", "install", "gcc"),), new=new)
    entry = journal_entry(plan, distribution or read_distribution(), manager, ["accel-doctor", "install"], "r", machine)
    Journal(path, FakeReporter()).append(entry)
    return entry


def test_nothing_was_installed_yet(journal, said):
    assert said() == (
        ExitCode.USAGE,
        "error: nothing to undo: no system packages were installed here, or all of that was undone\n",
    )
    assert said("3") == (
        ExitCode.USAGE,
        "error: 3: no such number of a run that installed system packages\nhint: accel-doctor history shows them\n",
    )


@pytest.mark.parametrize(
    "facts",
    [
        {"machine": "there"},
        {"machine": ""},
        {"distribution": ELSEWHERE, "machine": "", "new": None},
        {"manager": "brew"},
    ],
    ids=str,
)
def test_another_machine(journal, said, facts):
    entry = written(journal, **facts)
    assert said() == (
        ExitCode.USAGE,
        f"error: 1 was installed on another machine ({entry.distribution}): nothing was removed\nhint: undo it there\n",
    )


def test_somebody_elses_journal(journal, said, monkeypatch):
    written(journal)
    monkeypatch.setattr(undo, "outsider", lambda *paths, also: "mallory")
    assert said() == (
        ExitCode.USAGE,
        f"error: not reading {journal}: it belongs to another user (mallory)\n"
        "hint: undo a run as the user who started it\n",
    )


def test_a_line_with_an_option_for_a_name_is_damaged(journal, said):
    written(journal)
    entry = json.loads(journal.read_text())
    journal.write_text(json.dumps({**entry, "new": ["--allow-remove-essential"]}) + "\n")
    code, told = said()
    assert code == ExitCode.USAGE
    assert f"1 damaged line in the journal {journal}\n" in told


def test_consent_cannot_be_given_by_an_option(journal, said, monkeypatch):
    written(journal)
    assert said("--yes") == (
        ExitCode.USAGE,
        "error: no such option: --yes\nhint: accel-doctor undo --help shows what it takes\n",
    )


def test_a_machine_is_told_by_a_hash_of_its_id(tmp_path):
    assert machine_mark(tmp_path) == ""
    (tmp_path / "etc").mkdir()
    file = tmp_path / "etc/machine-id"
    file.write_text("uninitialized\n")
    assert machine_mark(tmp_path) == ""
    file.write_text("0123456789abcdef0123456789abcdef\n")
    mark = machine_mark(tmp_path)
    assert len(mark) == 16
    assert "0123456789" not in mark
    file.write_text("1123456789abcdef0123456789abcdef\n")
    assert machine_mark(tmp_path) != mark
