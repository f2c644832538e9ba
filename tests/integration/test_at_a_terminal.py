"""Whole runs of somebody at a terminal: sudo asks once, and Ctrl-C leaves everything sound."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pexpect
import pytest
from integration.machine import Base, Machine
from integration.test_install import SETUP, at_a_terminal, sdist, with_doctor

from accel_doctor.errors import ExitCode

# The compiler stops at the first header that is missing: three builds, three transactions.
SOURCE = "#include <lzo/lzo1x.h>\n#include <ev.h>\nint PyInit_odd(void) { return 0; }\n"
REQUIRED = ("--yes", "--python", "demo", "./odd-1.0.tar.gz")
PROMPT = r"\[sudo\] password for ann: "


@pytest.fixture
def fresh(wheel) -> Iterator[Machine]:
    """A project that needs a compiler and two libraries; ann may use sudo, with her password."""
    for made in with_doctor(Base("trixie", ("sudo",)), wheel):
        made.must("useradd", "--create-home", "--shell", "/bin/sh", "ann")
        made.must("chpasswd", stdin="ann:correct horse\n")
        made.write("/etc/sudoers.d/ann", "ann ALL=(ALL) ALL\n", 0o440)
        for user, home in {"root": "/root", "ann": "/home/ann"}.items():
            made.must("su", user, "-c", f"python3 -m venv {home}/demo")
            made.path(f"{home}/odd-1.0.tar.gz").write_bytes(sdist({"setup.py": SETUP, "odd.c": SOURCE}))
        yield made


def logs_of(where: Machine, home: str) -> list[str]:
    return [path.read_text() for path in sorted(where.path(f"{home}/.cache/accel-doctor/logs").rglob("*-apt.log"))]


# --- one password a run -----------------------------------------------------------------------------------


def test_several_transactions_ask_for_the_password_once(fresh: Machine) -> None:
    child = at_a_terminal(fresh, *REQUIRED, user="ann")
    child.expect(PROMPT)
    child.sendline("correct horse")
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == ExitCode.DONE, child.before
    assert not re.search(PROMPT, child.before)
    logs = logs_of(fresh, "/home/ann")
    commands = [re.findall(r"^\$ (.*) -- (.*)$", log, re.MULTILINE) for log in logs]
    apt = (
        "sudo apt-get -o DPkg::Lock::Timeout=120 -o Dpkg::Options::=--force-confold install -y --no-install-recommends"
    )
    assert commands == [
        [(apt, "gcc libc6-dev python3.13-dev")],
        [(apt, "liblzo2-dev")],
        [(apt, "libev-dev")],
    ]
    assert "correct horse" not in "".join(logs)
    assert fresh.run("dpkg-query", "-W", "liblzo2-dev", "libev-dev").returncode == 0
