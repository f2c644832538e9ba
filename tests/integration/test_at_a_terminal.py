"""Whole runs of somebody at a terminal: sudo asks once, and Ctrl-C leaves everything sound."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pexpect
import pyte
import pytest
from integration.machine import Base, Machine
from integration.test_install import DOCTOR, SETUP, at_a_terminal, ended, packages_of, sdist, with_doctor

from accel_doctor.errors import ExitCode

# The compiler stops at the first header that is missing, and only it knows what macros stand for: three builds, three
# transactions.
SOURCE = (
    "#include <Python.h>\n#define FIRST <lzo/lzo1x.h>\n#define SECOND <ev.h>\n#include FIRST\n#include SECOND\n"
    'static struct PyModuleDef odd = {PyModuleDef_HEAD_INIT, "odd"};\n'
    "PyMODINIT_FUNC PyInit_odd(void) { return PyModule_Create(&odd); }\n"
)
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


def test_the_wrong_password_changes_nothing(fresh: Machine) -> None:
    before = packages_of(fresh)
    child = at_a_terminal(fresh, *REQUIRED, user="ann")
    for _ in range(3):
        child.expect(PROMPT)
        child.sendline("wrong")
    child.expect("sudo refused: sudo: 3 incorrect password attempts")
    child.expect("  as root, run:")
    child.expect("apt-get .* -- gcc libc6-dev python3.13-dev\r\n")
    assert ended(child) == ExitCode.PRIVILEGE
    assert packages_of(fresh) == before
    assert "wrong" not in "".join(logs_of(fresh, "/home/ann"))


# --- the question -----------------------------------------------------------------------------------------


def test_the_question_fits_and_explains_itself(fresh: Machine) -> None:
    for columns in (40, 80, 200):
        child = at_a_terminal(fresh, *REQUIRED[1:], columns=columns)
        child.expect(r"\? help\]: ")
        screen = pyte.Screen(columns, 40)
        pyte.Stream(screen).feed(child.before + child.after)
        lines = [line.rstrip() for line in screen.display]
        asked = " ".join(" ".join(lines).split())
        assert asked.endswith("Install 3 system packages? [y yes, N no, l log, ? help]:")
        # Words are whole, further lines hang, and the command can be pasted.
        words = set("".join(f"{line}\n" for line in lines).replace("\\\n", "\n").split())
        assert words >= {"python3.13-dev", "Dpkg::Options::=--force-confold", "--no-install-recommends"}
        child.sendline("l")
        child.expect("nothing has failed, so there is no log|--- /")
        child.expect(r"\? help\]: ")
        child.sendline("n")
        assert ended(child) == ExitCode.CONSENT


# --- Ctrl-C -----------------------------------------------------------------------------------------------

COMPILER = {"gcc", "libc6-dev", "python3.13-dev"}
NOTHING = "no system packages were installed"
LOGS = r"logs: /\S+/\.cache/accel-doctor/logs/[\d-]+"


def interrupted(child: pexpect.spawn, said: str) -> None:
    child.expect(said)
    child.expect(LOGS)
    child.expect("interrupted\r\n")
    assert ended(child) == ExitCode.INTERRUPTED


def sound(where: Machine) -> None:
    """The package manager's own state is whole, nobody holds its locks, and what was asked for can be had."""
    assert where.must("dpkg", "--audit") == ""
    where.must("apt-get", "check")
    where.must("apt-get", "install", "-y", "--no-install-recommends", *COMPILER)


def test_at_the_question(fresh: Machine) -> None:
    before = packages_of(fresh)
    child = at_a_terminal(fresh, *REQUIRED[1:])
    child.expect(r"Install 3 system packages\?")
    child.sendintr()
    interrupted(child, NOTHING)
    assert packages_of(fresh) == before


def test_during_the_simulation(fresh: Machine) -> None:
    slowly = (
        'case " $* " in *" --print-uris "*) echo $$ > /tmp/simulating; sleep 600;; esac; exec /usr/bin/apt-real "$@"'
    )
    fresh.must("mv", "/usr/bin/apt-get", "/usr/bin/apt-real")
    fresh.write("/usr/bin/apt-get", f"#!/bin/sh\n{slowly}\n", 0o755)
    fresh.must("mkfifo", "/tmp/simulating")
    child = at_a_terminal(fresh, *REQUIRED)
    pid = fresh.must("cat", "/tmp/simulating").strip()  # comes when the simulation has begun
    child.sendintr()
    interrupted(child, NOTHING)
    assert fresh.run("kill", "-0", pid).returncode != 0
    fresh.must("mv", "/usr/bin/apt-real", "/usr/bin/apt-get")
    sound(fresh)


@pytest.mark.parametrize("user", [None, "ann"])
def test_during_the_download(fresh: Machine, user: str | None) -> None:
    before = packages_of(fresh)
    fresh.write("/etc/apt/apt.conf.d/90slow", 'Acquire::http::Dl-Limit "100";\nAcquire::https::Dl-Limit "100";\n')
    child = at_a_terminal(fresh, *REQUIRED, user=user)
    if user:
        child.expect(PROMPT)
        child.sendline("correct horse")
    child.expect("fetching ")
    child.sendintr()
    interrupted(child, NOTHING)
    assert packages_of(fresh) == before
    fresh.path("/etc/apt/apt.conf.d/90slow").unlink()
    sound(fresh)


@pytest.mark.parametrize("user", [None, "ann"])
def test_during_the_unpacking(fresh: Machine, user: str | None) -> None:
    child = at_a_terminal(fresh, *REQUIRED, user=user)
    if user:
        child.expect(PROMPT)
        child.sendline("correct horse")
    child.expect("unpacking ")
    child.sendintr()
    interrupted(child, "system packages installed before that: gcc, libc6-dev, python3.13-dev")  # apt let dpkg finish
    assert set(packages_of(fresh).split()) >= COMPILER
    assert "gcc" in fresh.must("su", user or "root", "-c", f"{DOCTOR} history")
    sound(fresh)


def test_during_the_build_after_it(fresh: Machine) -> None:
    setup = "import shutil, time\nif shutil.which('gcc'):\n    time.sleep(600)\n" + SETUP
    fresh.path("/root/odd-1.0.tar.gz").write_bytes(sdist({"setup.py": setup, "odd.c": SOURCE}))
    child = at_a_terminal(fresh, *REQUIRED)
    child.expect("Installing 3 system packages")
    child.expect("Building 1 source distribution")
    child.expect(r"odd \S* *(metadata|build)")
    child.sendintr()
    interrupted(child, "system packages installed before that: gcc, libc6-dev, python3.13-dev")
    sound(fresh)
