"""Ctrl-C at a terminal: the prompt is back at once, whatever is being built, and nothing is left."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pexpect
import pytest
from slow_backend import write_slow_sdist

from accel_doctor.errors import ExitCode

SOURCES = 4
DOCTOR = Path(sys.executable).with_name("accel-doctor")


@pytest.fixture
def here(tmp_path: Path) -> Path:
    """A directory with an environment, and more large sources than are built at once."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(tmp_path / "env")], check=True)
    for number in range(SOURCES):
        write_slow_sdist(tmp_path, f"slow{number}", files=800)
    (tmp_path / "tmp").mkdir()
    return tmp_path


def begun(here: Path, columns: int) -> pexpect.spawn:
    """An installation whose first builds compile."""
    variables = {name: value for name, value in os.environ.items() if name not in ("CI", "NO_COLOR")}
    return pexpect.spawn(
        str(DOCTOR),
        ["install", "--python", "env", "--cache-dir", "cache", "--jobs", "2", "--offline",
         *(f"./slow{number}-1.0.tar.gz" for number in range(SOURCES))],
        cwd=str(here), dimensions=(24, columns), encoding="utf-8", timeout=60,
        env={**variables, "TERM": "xterm-256color", "TMPDIR": str(here / "tmp")},
    )  # fmt: skip


@pytest.mark.parametrize("columns", [40, 80, 200])
def test_the_prompt_is_back_before_anything_is_removed(here, columns):
    child = begun(here, columns)
    child.expect(r"\d+ of 490")
    child.sendintr()
    child.expect("stopping…")
    child.expect(pexpect.EOF)
    left = list((here / "tmp").iterdir())
    child.close()
    assert child.exitstatus == ExitCode.INTERRUPTED, child.before
    assert left  # removing the trees takes seconds, which nobody waits for
    assert "no system packages were installed" in child.before
    assert "slow" not in child.before  # the table is off
    assert _left_running(here) == []
    deadline = time.monotonic() + 60
    while any((here / "tmp").iterdir()) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert list((here / "tmp").iterdir()) == []


def _left_running(here: Path) -> list[str]:
    """The processes that work for a build below a directory."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            words = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            found += [words] if f"{here}/tmp" in words and "build" in words else []
    return found
