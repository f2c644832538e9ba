"""Ctrl-C and SIGTERM: builds are stopped at once, a running package manager is left to finish."""

from __future__ import annotations

import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import FrameType

import click

from accel_doctor.cli.run_logs import RunLogs
from accel_doctor.errors import ToldInterrupt
from accel_doctor.interfaces import Notifier, Stoppable
from accel_doctor.model.plans import Plan
from accel_doctor.report.text import interruption_lines
from accel_doctor.system.process.runner import ProcessRunner


class Interrupts:
    """Handles both signals: stops the processes that other threads wait for, then raises KeyboardInterrupt."""

    def __init__(self, runner: ProcessRunner, reporter: Stoppable) -> None:
        self._runner = runner
        self._reporter = reporter
        self._deferring = False
        self._pending = False
        self._stopping = False

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Handle both signals while the block runs; a signal that was ignored (nohup, a shell's &) stays ignored."""
        numbers = [n for n in (signal.SIGINT, signal.SIGTERM) if signal.getsignal(n) is not signal.SIG_IGN]
        before = {number: signal.signal(number, self._handle) for number in numbers}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    @contextmanager
    def deferred(self) -> Iterator[None]:
        """Defer signals until the end of the block."""
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
            self._reporter.note("interrupted: waiting for the package manager, to avoid a half-finished installation")
            return
        if not self._stopping:  # a second signal cuts short what the first one began
            self._stopping = True
            self._reporter.stopping()
            self._runner.stop()
        raise ToldInterrupt


@contextmanager
def interruption_told(notifier: Notifier, transactions: Sequence[Plan], logs: RunLogs) -> Iterator[None]:
    """Report what was done so far if the block is interrupted; ``transactions`` grows while it runs."""
    try:
        yield
    except (KeyboardInterrupt, click.Abort):
        for line in interruption_lines(transactions, str(logs.directory) if logs.directory.exists() else None):
            notifier.note(line)
        raise
