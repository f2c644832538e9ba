"""What a process imports before it gets to work."""

from __future__ import annotations

import subprocess
import sys

import pytest

from accel_doctor import __version__

# What only a run needs in which something fails, is built, or is fetched.
OF_OTHER_RUNS = {
    *("accel_doctor.rulebook", "accel_doctor.diagnosis", "accel_doctor.builder.linkage"),
    "accel_doctor.system.packages.managers",
    *("httpx", "jinja2", "obstore", "rich", "ssl", "yaml"),
}


def imported_by(program: str) -> set[str]:
    shown = subprocess.run(
        [sys.executable, "-c", f"import sys\n{program}\nprint(*sys.modules)"],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    return set(shown.splitlines()[-1].split())


@pytest.mark.parametrize("command", ["install", "run", "env"])
def test_a_run_in_which_all_is_well_imports_no_rules(command):
    assert OF_OTHER_RUNS.isdisjoint(imported_by(f"import accel_doctor.cli.commands.{command}"))


def test_a_command_is_imported_when_it_runs():
    imported = imported_by("from accel_doctor.cli.main import run; run(['--help'])")
    assert not any(name.startswith("accel_doctor.cli.commands.") for name in imported)


def test_the_version_is_told_without_a_parser():
    shown = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "accel_doctor", "--version"],
        check=True,
        capture_output=True,
        text=True,
    )
    assert shown.stdout == f"accel-doctor {__version__}\n"
    assert "click" not in shown.stderr
