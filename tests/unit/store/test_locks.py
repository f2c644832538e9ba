"""Leases: what one process uses another does not remove, and nothing outlives its process."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading

import pytest

from accel_doctor.store.locks import Leases

HOLD = """
import sys
from pathlib import Path
from accel_doctor.store.locks import Leases
leases = Leases(Path(sys.argv[1]))
leases.hold("a")
print("held", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def leases(tmp_path):
    leases = Leases(tmp_path / "cache" / "in-use.lock")
    yield leases
    leases.close()


@pytest.fixture
def other(tmp_path):
    """Another process that uses "a"."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path / "cache" / "in-use.lock")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout.readline() == "held\n"
    yield process
    process.communicate()


def test_what_nobody_uses_may_go(leases):
    with leases.removing("a") as free:
        assert free


def test_what_another_process_uses_may_not_go_until_it_ends_however_it_ends(leases, other):
    with leases.removing("a") as free:
        assert not free
    with leases.removing("b") as free:
        assert free
    leases.hold("a")  # two may use it
    leases.release("a")
    os.kill(other.pid, signal.SIGKILL)
    other.wait()
    with leases.removing("a") as free:
        assert free


def test_what_this_process_uses_may_not_go_either(leases, tmp_path):
    leases.hold("a")
    leases.hold("a")
    second = Leases(tmp_path / "cache" / "in-use.lock")
    for one in (leases, second):
        with one.removing("a") as free:
            assert not free
    second.close()  # lets go of its own only
    with leases.removing("a") as free:
        assert not free
    leases.release("a")
    with leases.removing("a") as free:
        assert free


def test_who_cannot_write_the_file_can_still_hold_it(leases, tmp_path, other):
    """A shared lock asks for no more than reading it: a cache on a read-only medium, or another user's."""
    reader = Leases(tmp_path / "cache" / "in-use.lock")
    reader._descriptor = os.open(tmp_path / "cache" / "in-use.lock", os.O_RDONLY)
    reader.hold("b")
    with leases.removing("b") as free:
        assert not free
    reader.close()


def test_without_a_file_nothing_is_held_and_nothing_may_go(tmp_path):
    (tmp_path / "file").write_text("")
    leases = Leases(tmp_path / "file" / "in-use.lock")
    leases.hold("a")
    leases.release("a")
    with pytest.raises(OSError, match="in-use.lock"), leases.removing("a"):
        pass


def test_a_removal_is_waited_for(leases, tmp_path):
    """It is over when its block is left; whoever asked meanwhile holds the name then."""
    other = Leases(tmp_path / "cache" / "in-use.lock")
    with leases.removing("a") as free:
        assert free
        thread = threading.Thread(target=other.hold, args=("a",))
        thread.start()
    thread.join()
    with leases.removing("a") as free:
        assert not free
    other.close()


def test_whoever_removes_for_ever_is_not_waited_for(leases, tmp_path, monkeypatch):
    monkeypatch.setattr("accel_doctor.store.locks._PATIENCE", 0.02)
    other = Leases(tmp_path / "cache" / "in-use.lock")
    with leases.removing("a"):
        other.hold("a")
    with leases.removing("a") as free:
        assert free
    other.close()
