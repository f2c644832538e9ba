"""Signals: builds stop, package managers finish."""

from __future__ import annotations

import os
import signal

import pytest

from accel_doctor.cli.interrupts import Interrupts


@pytest.fixture
def told():
    return []


@pytest.fixture
def interrupts(told):
    return Interrupts(lambda: told.append("stopped"), told.append)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_stops_the_processes_and_interrupts(interrupts, told, number):
    before = signal.getsignal(number)
    with pytest.raises(KeyboardInterrupt), interrupts.watched():
        os.kill(os.getpid(), number)
        signal.sigtimedwait([], 5)
    assert told == ["stopped"]
    assert signal.getsignal(number) == before


def test_a_package_manager_at_work_is_left_to_finish(interrupts, told):
    done = []
    with pytest.raises(KeyboardInterrupt), interrupts.watched(), interrupts.deferred():
        os.kill(os.getpid(), signal.SIGINT)
        done.append("finished")
    assert done == ["finished"]
    assert told == ["interrupted: waiting for the package manager to finish, so that its state stays sound"]
