"""Root that works in somebody's directory, or with somebody's HOME, starts and believes nothing of theirs."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

THEIRS = 4242
LOG = "x.c:1:10: fatal error: ffi.h: No such file or directory\nerror: command 'gcc' failed with exit status 1\n"


@pytest.fixture
def planted(tmp_path: Path) -> Path:
    """A directory with an interpreter that leaves a trace."""
    if os.geteuid() != 0:
        pytest.skip("only root can give a file to another user")
    project = tmp_path / "project"
    (project / ".venv/bin").mkdir(parents=True)
    (project / ".venv/pyvenv.cfg").write_text("home = /usr/bin\n")
    python = project / ".venv/bin/python"
    python.write_text(f'#!/bin/sh\ntouch {tmp_path}/started\nexec {sys.executable} "$@"\n')
    python.chmod(0o755)
    (project / "build.log").write_text(LOG)
    (project / "requirements.txt").write_text("cffi\n")
    return project


def run(project: Path, *words: str, **variables: str) -> subprocess.CompletedProcess[str]:
    unset = ("VIRTUAL_ENV", "SUDO_UID", "CONDA_PREFIX")
    kept = {name: value for name, value in os.environ.items() if name not in unset}
    near = project.parent
    own = {"ACCEL_DOCTOR_CACHE_DIR": str(near / "cache"), "ACCEL_DOCTOR_CONFIG_DIR": str(near / "none")}
    command = [sys.executable, "-m", "accel_doctor", *words]
    return subprocess.run(
        command, cwd=project, env={**kept, **own, **variables}, capture_output=True, text=True, stdin=subprocess.DEVNULL
    )


@pytest.mark.parametrize("part", [".venv", ".venv/bin", ".venv/bin/python", ".venv/pyvenv.cfg"])
@pytest.mark.parametrize(
    "words",
    [
        ["diagnose", "build.log"],
        ["check", "--offline", "-r", "requirements.txt"],
        ["run", "--", "sh", "-c", "cat build.log; false"],
        ["install", "--dry-run", "--offline", "cffi"],
        ["env", "info"],
    ],
    ids=lambda words: words[0],
)
def test_an_interpreter_that_somebody_else_planted_is_not_started(planted: Path, words: list[str], part: str) -> None:
    os.chown(planted / part, THEIRS, -1)
    done = run(planted, *words)
    assert not (planted.parent / "started").exists(), done.stderr
    assert "Traceback" not in done.stderr


def test_the_user_who_called_sudo_is_no_stranger(planted: Path) -> None:
    os.chown(planted / ".venv", THEIRS, -1)
    run(planted, "install", "--dry-run", "--offline", "cffi", SUDO_UID=str(THEIRS))
    assert (planted.parent / "started").exists()


@pytest.mark.parametrize("file", ["config.toml", "rules/debian.yaml"])
def test_the_configuration_and_rules_of_somebody_else_are_not_read(planted: Path, file: str) -> None:
    configuration = planted.parent / "theirs"
    (configuration / file).parent.mkdir(parents=True)
    (configuration / file).write_text("jobs = 1\n" if file.endswith("toml") else "schema: 1\n")
    os.chown(configuration, THEIRS, -1)
    done = run(planted, "install", "--dry-run", "--python", sys.executable, ACCEL_DOCTOR_CONFIG_DIR=str(configuration))
    if file == "rules/debian.yaml":
        done = run(planted, "diagnose", "build.log", ACCEL_DOCTOR_CONFIG_DIR=str(configuration))
    assert done.returncode == 2
    assert f"error: not reading {configuration / file.partition('/')[0]}: it belongs to another user" in done.stderr
