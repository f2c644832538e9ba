"""Signals: builds stop, package managers finish."""

from __future__ import annotations

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
        signal.raise_signal(number)
    assert told == ["stopped"]
    assert signal.getsignal(number) == before


def test_a_package_manager_at_work_is_left_to_finish(interrupts, told):
    done = []

    def transaction():
        with interrupts.watched(), interrupts.deferred():
            signal.raise_signal(signal.SIGINT)
            done.append("finished")

    with pytest.raises(KeyboardInterrupt):
        transaction()
    assert done == ["finished"]
    assert told == ["interrupted: waiting for the package manager to finish, so that its state stays sound"]


def test_what_was_ignored_stays_ignored(interrupts, told):
    before = signal.signal(signal.SIGTERM, signal.SIG_IGN)
    try:
        with interrupts.watched():
            signal.raise_signal(signal.SIGTERM)
    finally:
        signal.signal(signal.SIGTERM, before)
    assert told == []
