"""``accel-doctor run``: Python's headers are those of the Python that the command builds for."""

from __future__ import annotations

import sys

import pytest

from accel_doctor.cli import machines, main, session
from accel_doctor.model.machine import Distribution
from accel_doctor.system.packages.elsewhere import PackageManagerElsewhere

LOG = "gcc -I/usr/include/python3.9 -c x.c\\nx.c:1:10: fatal error: Python.h: No such file or directory\\n"


@pytest.fixture(autouse=True)
def debian(tmp_path, monkeypatch):
    """Of which only the rules are asked."""
    monkeypatch.setattr(session, "read_distribution", lambda: Distribution("debian", "12", "bookworm"))
    monkeypatch.setattr(machines, "driver_for", lambda name, *others: PackageManagerElsewhere(name))
    monkeypatch.setenv("ACCEL_DOCTOR_CONFIG_DIR", str(tmp_path / "none"))
    monkeypatch.setenv("ACCEL_DOCTOR_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    monkeypatch.delenv("VIRTUAL_ENV", raising=False)
    monkeypatch.chdir(tmp_path)


def said(capfd, *options: str) -> str:
    assert main.run(["run", "--no-system", *options, "--", "sh", "-c", f"printf '{LOG}'; exit 2"]) == 2
    return capfd.readouterr().err


def test_the_log_shows_it(capfd):
    assert "accel-doctor:   python3.9-dev  header:Python.h: " in said(capfd)


def test_who_names_an_interpreter_means_it(capfd):
    assert "python3.9-dev" not in said(capfd, "--python", sys.executable)
