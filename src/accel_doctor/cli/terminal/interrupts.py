"""Ctrl-C and SIGTERM: builds are stopped at once, a package manager at work is left to finish."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from types import FrameType
from typing import Protocol

import click

from accel_doctor.cli.logs import RunLogs
from accel_doctor.interfaces import Notifier, PackageManager
from accel_doctor.model import Need, Plan, Provider, Simulation
from accel_doctor.report.text import interruption_lines


class Stoppable(Protocol):
    """What can be stopped from a signal handler."""

    def stop(self) -> None:
        """Stop the processes at work."""
        ...


class Interrupts:
    """Both signals, as KeyboardInterrupt, once the processes that other threads wait for have been stopped."""

    def __init__(self, runner: Stoppable, notifier: Notifier) -> None:
        self._runner = runner
        self._notifier = notifier
        self._deferring = False
        self._pending = False

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Handle both signals while the block runs; one that was ignored (nohup, a shell's &) stays ignored."""
        numbers = [n for n in (signal.SIGINT, signal.SIGTERM) if signal.getsignal(n) is not signal.SIG_IGN]
        before = {number: signal.signal(number, self._handle) for number in numbers}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    @contextmanager
    def deferred(self) -> Iterator[None]:
        """Make signals wait until the block has ended."""
        self._deferring = True
        try:
            yield
        finally:
            self._deferring = False
            if self._pending:
                raise KeyboardInterrupt

    def _handle(self, number: int, frame: FrameType | None) -> None:
        if self._deferring:
            self._pending = True
            self._notifier.note("interrupted: waiting for the package manager, to avoid a half-finished installation")
            return
        self._runner.stop()
        raise KeyboardInterrupt


@contextmanager
def interruption_told(notifier: Notifier, transactions: Sequence[Plan], logs: RunLogs) -> Iterator[None]:
    """Tell what was done by then when the block is interrupted; ``transactions`` grows while it runs."""
    try:
        yield
    except (KeyboardInterrupt, click.Abort):
        for line in interruption_lines(transactions, str(logs.directory) if logs.directory.exists() else None):
            notifier.note(line)
        raise


class UninterruptedPackageManager:
    """A package manager whose transactions a signal does not break off half-way; found out when first asked."""

    def __init__(self, find: Callable[[], PackageManager], interrupts: Interrupts) -> None:
        self._find = find
        self._interrupts = interrupts

    @cached_property
    def _inner(self) -> PackageManager:
        return self._find()

    @property
    def name(self) -> str:
        """Return its name."""
        return self._inner.name

    @property
    def privileged(self) -> bool:
        """Return whether there is a way to become root."""
        return self._inner.privileged

    def installed(self, names: Sequence[str]) -> frozenset[str]:
        """As the package manager says."""
        return self._inner.installed(names)

    def available(self, names: Sequence[str]) -> frozenset[str]:
        """As the package manager says."""
        return self._inner.available(names)

    def providers(self, need: Need) -> tuple[Provider, ...]:
        """As the package manager says."""
        return self._inner.providers(need)

    def simulate(self, names: Sequence[str]) -> Simulation | None:
        """As the package manager says."""
        return self._inner.simulate(names)

    def commands(self, names: Sequence[str]) -> tuple[tuple[str, ...], ...]:
        """As the package manager says."""
        return self._inner.commands(names)

    def install(self, names: Sequence[str], log: Path) -> None:
        """Install; a signal that comes meanwhile is raised as KeyboardInterrupt afterwards."""
        with self._interrupts.deferred():
            self._inner.install(names, log)
