"""``undo`` removes what a run installed: real apt, on a fresh machine."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pexpect
import pytest
from integration.machine import Base, Machine
from integration.test_install import DOCTOR, install, with_doctor

from accel_doctor.errors import ExitCode

pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def fresh(wheel: Path) -> Iterator[Machine]:
    yield from with_doctor(Base("trixie"), wheel)


def names(where: Machine) -> set[str]:
    return set(where.must("dpkg-query", "-W", "-f", "${Package}\n").split())


def at_a_terminal(where: Machine, answer: str, *words: str) -> tuple[str, int | None]:
    """Answer the one question of ``undo``; return what it said, and its exit code."""
    runner = where.runner()
    command = [*runner.prefix[1:], DOCTOR, "undo", *words]
    environment = {**runner.environment, "TERM": "xterm"}
    child = pexpect.spawn(runner.prefix[0], command, env=environment, encoding="utf-8", timeout=120)
    child.expect(r"Remove \d+ system packages?\? \[y/N\]: ")
    said = child.before
    child.sendline(answer)
    child.expect(pexpect.EOF)
    child.close()
    return said + child.before, child.exitstatus


def test_a_run_is_undone_but_for_what_is_needed(fresh: Machine) -> None:
    fresh.must("python3", "-m", "venv", "/root/.venv")
    before = names(fresh)
    done = install(fresh, "--yes", "--no-binary", "psycopg2", "psycopg2")
    assert done.returncode == 0, done.stderr
    new = names(fresh) - before
    assert {"gcc", "libpq-dev", "libpq5"} <= new
    fresh.must("apt-get", "install", "-y", "--no-install-recommends", "make", "libssl-dev")  # by hand, since

    # consent: no option and no variable gives it
    done = fresh.run(DOCTOR, "undo", environment={"ACCEL_DOCTOR_YES": "1"})
    assert done.returncode == ExitCode.CONSENT
    (command,) = [line for line in done.output.splitlines() if line]
    assert command.startswith("env DEBIAN_FRONTEND=noninteractive NEEDRESTART_MODE=l apt-get -o ")
    assert "not removed: no terminal to ask on, and no option agrees to a removal" in done.stderr
    assert fresh.run(DOCTOR, "undo", "--yes").returncode == ExitCode.USAGE
    assert new <= names(fresh)
    said, code = at_a_terminal(fresh, "")
    assert "nothing was removed" in said
    assert code == ExitCode.CONSENT
    assert new <= names(fresh)

    # the last lists of packages may be gone: they are not asked
    fresh.forget_package_lists()
    said, code = at_a_terminal(fresh, "y")
    assert code == ExitCode.DONE, said
    assert re.search(r"libpq5 +psycopg2 \S+ in the wheel store is linked with its libpq.so.5", said)
    assert re.search(r"libssl-dev +marked as manually installed since", said)
    left = names(fresh) - before - {"make"}
    assert {"libpq5", "libssl-dev"} <= left
    assert not {"gcc", "libpq-dev"} & left
    assert before <= names(fresh)
    fresh.must("/root/.venv/bin/python", "-c", "import psycopg2")

    # undone: said, recorded, and not exported
    again = fresh.run(DOCTOR, "undo")
    assert again.returncode == ExitCode.USAGE
    assert "error: nothing to undo" in again.stderr
    history = fresh.must(DOCTOR, "history")
    assert re.search(r"^  removed, which undoes 1: .*\bgcc\b", history, re.MULTILINE)
    assert "libpq-dev" not in fresh.must(DOCTOR, "export")
    assert re.search(r"nothing to remove: undone at \S+, which removed .*gcc", fresh.run(DOCTOR, "undo", "1").stderr)

    # asked for, libraries go too; what somebody else needs never does
    said, code = at_a_terminal(fresh, "y", "--linked", "1")
    assert code == ExitCode.DONE, said
    assert "libpq5" not in names(fresh)
    assert {"make", "libssl-dev", "libssl3t64"} <= names(fresh)
    assert before <= names(fresh)


def test_the_system_s_python_is_changed_only_if_told_so(fresh: Machine) -> None:
    done = install(fresh, "--python", "/usr/bin/python3", "idna==3.10")
    assert done.returncode == ExitCode.USAGE
    assert "externally managed" in done.stderr
    done = install(fresh, "--python", "/usr/bin/python3", "--break-system-packages", "idna==3.10")
    assert done.returncode == ExitCode.DONE, done.stderr
    fresh.must("/usr/bin/python3", "-c", "import idna")
