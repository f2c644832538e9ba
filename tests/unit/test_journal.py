"""The journal: what was installed, by whom asked, never lost and never fatal."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from fakes import FakeReporter

from accel_doctor.journal import Journal, journal_entry
from accel_doctor.model.cures import BuildChanges, BuildCure, Confidence, Reason, SourceStep, SystemPackage
from accel_doctor.model.machine import Distribution
from accel_doctor.model.needs import Finding, Need, NeedKind, Role
from accel_doctor.model.plans import Plan
from accel_doctor.report.text import history_lines
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
    assert replace(first, time="") == replace(made(), time="", number=1)
    assert second.during == ("accel-doctor", "install", "-i", "https://****@host/simple", "xmlsec")
    assert (tmp_path / "state/journal.jsonl").stat().st_mode & 0o777 == 0o600
    assert first.packages[0].reasons[0].evidence == "from https://****@host: fatal error: ffi.h"


CURE = BuildCure(
    Reason(Need.parse("build-constraint:setuptools<58"), "demjson", why="use_2to3 is invalid", version="2.2.4"),
    BuildChanges(
        constraints=("setuptools<58",),
        requirements=("numpy",),
        variables=(("CFLAGS", "-fcommon"),),
        jobs=1,
        steps=(SourceStep.REGENERATE_CYTHON,),
    ),
    releases=("numpy<2",),
    affects="NumPy 1 is installed",
    source="rules/symptoms.yaml",
)


def test_cures_without_packages_are_written_and_read_again(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal.jsonl", FakeReporter())
    journal.append(journal_entry(Plan((CURE,)), DEBIAN, "no package manager", ["accel-doctor"]))
    (entry,) = journal.read(MANAGERS)
    assert entry.cures == (CURE,)
    assert history_lines([entry])[1] == (
        "  demjson: build constraint setuptools<58, further build requirement numpy, CFLAGS=-fcommon, 1 at once, "
        'C code generated again by Cython, install numpy<2  build-constraint:setuptools<58: "use_2to3 is invalid"'
    )


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ("setuptools<58", "evil @ https://example.org/evil.zip"),
        ("setuptools<58", "-r /etc/passwd"),
        ('"CFLAGS"', '"A=1; CFLAGS"'),
        ("-fcommon", "\\nRUN evil"),
        ("regenerate-cython", "rm"),
        ("2.2.4", "2 $(rm)"),
    ],
)
def test_a_cure_that_we_cannot_have_written_is_left_out(tmp_path: Path, ours: str, theirs: str) -> None:
    path, reporter = tmp_path / "journal.jsonl", FakeReporter()
    journal = Journal(path, reporter)
    journal.append(journal_entry(Plan((CURE,)), DEBIAN, "apt", ["accel-doctor"]))
    path.write_text(path.read_text().replace(ours, theirs))
    assert journal.read(MANAGERS) == []
    assert reporter.notes == [f"1 damaged line in the journal {path}"]


def test_entries_of_older_versions_have_no_cures(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    journal = Journal(path, FakeReporter())
    journal.append(made())
    path.write_text(path.read_text().replace(', "cures": []', ""))
    assert [entry.cures for entry in journal.read(MANAGERS)] == [()]


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
