"""Signals: builds stop, package managers finish."""

from __future__ import annotations

import signal
from dataclasses import dataclass

import click
import pytest
from fakes import FakeReporter

from accel_doctor.cli.run_logs import RunLogs
from accel_doctor.cli.terminal.interrupts import Interrupts, interruption_told
from accel_doctor.model.cures import Confidence, SystemPackage
from accel_doctor.model.plans import Plan


@pytest.fixture
def reporter():
    return FakeReporter()


@pytest.fixture
def told(reporter):
    return reporter.notes


@dataclass
class Stopped:
    told: list[str]

    def stop(self):
        self.told.append("stopped")


@pytest.fixture
def interrupts(reporter, told):
    return Interrupts(Stopped(told), reporter)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_stops_the_processes_and_interrupts(interrupts, told, number):
    before = signal.getsignal(number)
    with pytest.raises(KeyboardInterrupt), interrupts.watched():
        signal.raise_signal(number)
    assert told == ["stopping…", "stopped"]
    assert signal.getsignal(number) == before


def test_a_second_signal_does_not_wait_for_the_first_one(interrupts, told):
    with interrupts.watched():
        for _ in range(2):
            with pytest.raises(KeyboardInterrupt):
                signal.raise_signal(signal.SIGINT)
    assert told == ["stopping…", "stopped"]


def test_a_package_manager_at_work_is_left_to_finish(interrupts, told):
    done = []

    def transaction():
        with interrupts.watched(), interrupts.deferred():
            signal.raise_signal(signal.SIGINT)
            done.append("finished")

    with pytest.raises(KeyboardInterrupt):
        transaction()
    assert done == ["finished"]
    assert told == ["interrupted: waiting for the package manager, to avoid a half-finished installation"]


def test_what_was_ignored_stays_ignored(interrupts, told):
    before = signal.signal(signal.SIGTERM, signal.SIG_IGN)
    try:
        with interrupts.watched():
            signal.raise_signal(signal.SIGTERM)
    finally:
        signal.signal(signal.SIGTERM, before)
    assert told == []


@pytest.mark.parametrize("interruption", [KeyboardInterrupt, click.Abort])
def test_what_was_done_by_then_is_told(reporter, told, tmp_path, interruption):
    logs = RunLogs(tmp_path, FakeReporter())
    transactions = []

    def run():
        with interruption_told(reporter, transactions, logs):
            logs.new_log("system", "apt")
            for names in (["gcc", "make"], ["libpq-dev"]):
                packages = [SystemPackage(name, (), Confidence.RULE, "a test") for name in names]
                transactions.append(Plan(tuple(packages)))
            raise interruption

    with pytest.raises(interruption):
        run()
    assert told == ["system packages installed before that: gcc, make, libpq-dev", f"logs: {logs.directory}"]


def test_that_nothing_was_done_is_told_too(reporter, told, tmp_path):
    with pytest.raises(KeyboardInterrupt), interruption_told(reporter, [], RunLogs(tmp_path, FakeReporter())):
        raise KeyboardInterrupt
    assert told == ["no system packages were installed"]
