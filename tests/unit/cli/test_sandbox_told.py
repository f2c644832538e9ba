"""Check what a run says of its sandbox."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from fakes import FakeReporter

from accel_doctor.cli.session import Session
from accel_doctor.errors import UsageError
from accel_doctor.model.machine import Invocation
from accel_doctor.model.processes import Isolation
from accel_doctor.system.process import sandbox, sandboxed_process

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the sandbox is Linux's")
HERE = Invocation({}, Path("/"), ("accel-doctor",), Path("/p"), Path("/"))


def told(isolation: Isolation, verbosity: int = 0) -> list[str]:
    session, reporter = Session(HERE, verbosity=verbosity, isolation=isolation), FakeReporter()
    session.__dict__["reporter"] = reporter
    assert session.sandbox is session.sandbox  # told once
    return reporter.notes


def test_a_kernel_without_landlock_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sandboxed_process, "landlock_version", lambda: 0)
    monkeypatch.setattr(sandbox, "filters_calls", lambda: True)
    [note] = told(Isolation())
    assert note.startswith("builds run in a sandbox: ")
    assert note.endswith("this kernel has no Landlock")
    assert told(Isolation("off")) == []
    with pytest.raises(UsageError, match="--sandbox on: this system has no Landlock"):
        told(Isolation("on"))


def test_a_whole_sandbox_is_told_only_when_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sandboxed_process, "landlock_version", lambda: 7)
    monkeypatch.setattr(sandbox, "filters_calls", lambda: True)
    assert told(Isolation()) == []
    [note] = told(Isolation(), verbosity=1)
    assert note.startswith("builds run in a sandbox: Landlock 7, ")
    assert told(Isolation("off"), verbosity=1) == ["builds run without a sandbox (--sandbox off)"]
