"""The journal: what was installed, by whom asked, never lost and never fatal."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from fakes import FakeReporter

from accel_doctor.journal import Journal, journal_entry
from accel_doctor.model.cures import Confidence, Reason, SystemPackage
from accel_doctor.model.machine import Distribution
from accel_doctor.model.needs import Finding, Need, NeedKind, Role
from accel_doctor.model.plans import Plan
from accel_doctor.system.packages.managers import MANAGERS

DEBIAN = Distribution("debian", "13", "trixie", ("x",), "Debian GNU/Linux 13 (trixie)")
NEED = Need(NeedKind.HEADER, "ffi.h")
FINDING = Finding(NEED, "cffi", 12, "from https://me:secret@host: fatal error: ffi.h", "gcc-header", Role.CAUSE)
PLAN = Plan(
    (SystemPackage("libffi-dev", (Reason(NEED, "cffi", FINDING),), Confidence.RULE, "rules/debian.yaml"),),
    commands=(("apt-get", "install", "libffi-dev"),),
)


def made(during: str = "cffi"):
    return journal_entry(
        PLAN, DEBIAN, "apt", ["accel-doctor", "install", "-i", "https://me:secret@host/simple", during]
    )


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "state/journal.jsonl", FakeReporter())
    assert journal.read(MANAGERS) == []
    journal.append(made())
    journal.append(made("xmlsec"))
    first, second = journal.read(MANAGERS)
    assert replace(first, time="") == replace(made(), time="")
    assert second.during == ("accel-doctor", "install", "-i", "https://****@host/simple", "xmlsec")
    assert (tmp_path / "state/journal.jsonl").stat().st_mode & 0o777 == 0o600
    assert first.packages[0].reasons[0].evidence == "from https://****@host: fatal error: ffi.h"


def test_passwords_stay_out(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal.jsonl", FakeReporter())
    journal.append(made())
    assert "secret" not in (tmp_path / "journal.jsonl").read_text()


def test_damaged_lines_are_left_out(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    reporter = FakeReporter()
    journal = Journal(path, reporter)
    journal.append(made())
    with path.open("ab") as stream:
        stream.write(b'{"schema": 1, "time": "20\n\xff\xfe\n[]\n')
    journal.append(made())
    assert len(journal.read(MANAGERS)) == 2
    assert reporter.notes == [f"3 damaged lines in the journal {path}"]


@pytest.mark.parametrize(
    ("manager", "name", "pretty"),
    [
        ("apt; reboot", "gcc", "Debian"),
        ("apt", "$(reboot)", "Debian"),
        ("apt", "gcc\n- x", "Debian"),
        ("apt", "--purge", "Debian"),
        ("apt", "gcc", "Debian\nRUN reboot"),
    ],
)
def test_what_cannot_be_ours_is_left_out(tmp_path: Path, manager: str, name: str, pretty: str) -> None:
    reporter = FakeReporter()
    journal = Journal(tmp_path / "journal.jsonl", reporter)
    good = made()
    (package,) = good.packages
    journal.append(
        replace(
            good,
            manager=manager,
            packages=(replace(package, name=name),),
            distribution=DEBIAN._replace(pretty_name=pretty),
        )
    )
    assert journal.read(MANAGERS) == []
    assert reporter.notes == [f"1 damaged line in the journal {tmp_path / 'journal.jsonl'}"]


def test_what_cannot_be_written_is_a_warning(tmp_path: Path) -> None:
    reporter = FakeReporter()
    (tmp_path / "file").write_text("")
    Journal(tmp_path / "file/journal.jsonl", reporter).append(made())
    (line,) = reporter.notes
    assert line.startswith(f"cannot write to the journal {tmp_path / 'file/journal.jsonl'}: ")
