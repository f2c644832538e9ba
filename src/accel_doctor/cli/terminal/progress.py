"""Notes, and a progress bar for operations that take longer than a second."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

import click

from accel_doctor.cli.terminal.streams import Terminal

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

_PATIENCE = 1.0  # seconds


class NotesAndProgress:
    """Implement :class:`accel_doctor.interfaces.Notifier` and ``Progress`` on stderr; the bar only at a terminal."""

    def __init__(self) -> None:
        self._begun: float | None = None
        self._progress: Progress | None = None
        self._tasks: dict[str, TaskID] = {}

    def step(self, text: str) -> None:
        self.note(text)

    def note(self, text: str) -> None:
        self.close()
        click.echo(text, err=True)

    def show(self, what: str, done: int, total: int) -> None:
        if self._begun is None:
            self._begun = time.monotonic()
        if self._progress is None:
            terminal = Terminal.of(os.environ)
            if time.monotonic() - self._begun < _PATIENCE or not terminal.live:
                return
            from rich.console import Console
            from rich.progress import Progress

            self._progress = Progress(console=Console(stderr=True, no_color=not terminal.color), transient=True)
            self._progress.start()
        if what not in self._tasks:
            self._tasks[what] = self._progress.add_task(what)
        self._progress.update(self._tasks[what], completed=done, total=total)

    def close(self) -> None:
        """Remove the bar from the screen."""
        if self._progress:
            self._progress.stop()
        self._begun, self._progress, self._tasks = None, None, {}
