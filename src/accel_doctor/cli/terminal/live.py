"""A table of what is going on, redrawn below the lines of a run."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from accel_doctor.cli.terminal.heard import Heard
from accel_doctor.cli.terminal.reporters import CommandReporter, PlainReporter
from accel_doctor.cli.terminal.rows import Row, table
from accel_doctor.cli.terminal.streams import Terminal
from accel_doctor.model.builds import Amount, Outcome, Source
from accel_doctor.model.machine import Distribution
from accel_doctor.model.plans import Consent, Plan

if TYPE_CHECKING:
    from rich.live import Live
    from rich.text import Text

_PATIENCE = 1.0  # seconds until what goes on is worth a row
_INTERVAL = 0.5  # seconds between two looks; nothing is drawn unless it has changed
_USUAL = os.terminal_size((80, 24))
_KEPT_FREE = 3  # lines of the screen, for what is printed above the table


class LiveReporter(PlainReporter):
    """Plain lines, and below them a table: a row per running build, or one for the step that takes its time."""

    def __init__(self, terminal: Terminal, distribution: Distribution) -> None:
        super().__init__(terminal, distribution)
        self._lock = threading.RLock()  # builds run in threads, and signals come while it is held
        self._builds: dict[Source, tuple[str, float, Amount | None]] = {}
        self._waiting: set[Source] = set()
        self._heard: Heard | None = None
        self._step, self._began = "", 0.0
        self._shown: list[list[tuple[str, str]]] = []
        self._live: Live | None = None
        self._over = threading.Event()
        self._over.set()
        self._closed = False

    def close(self) -> bool:
        with self._lock:
            self._closed = True
            return self._put_away()

    def give_way(self, text: str) -> None:
        self._put_away()
        super().give_way(text)

    def step(self, text: str) -> None:
        super().step(text)
        with self._lock:
            self._heard, self._step, self._began = Heard(), text.partition(" ")[0], time.monotonic()
            if not self._builds:
                self._clear()
        self._watch()

    def asked(self) -> None:
        self._put_away()

    def answered(self) -> None:
        self._watch()

    def hear(self, line: str) -> None:
        with self._lock:
            if self._heard is not None:
                self._heard.hear(line)

    def builds(self, sources: Sequence[Source]) -> None:
        with self._lock:
            self._waiting = set(sources)
        super().builds(sources)

    def metadata_started(self, source: Source) -> None:
        self.build_started(source)
        self.build_phase(source, "metadata")

    def metadata_finished(self, source: Source) -> None:
        with self._lock:
            self._builds.pop(source, None)

    def build_started(self, source: Source) -> None:
        with self._lock:
            self._waiting.discard(source)
            self._builds[source] = ("starting", time.monotonic(), None)

    def build_phase(self, source: Source, phase: str) -> None:
        with self._lock:
            if source in self._builds:
                self._builds[source] = (phase, self._builds[source][1], None)

    def build_progress(self, source: Source, amount: Amount) -> None:
        with self._lock:
            if source in self._builds:
                self._builds[source] = (*self._builds[source][:2], amount)

    def build_finished(self, source: Source, outcome: Outcome) -> None:
        with self._lock:
            self._waiting.discard(source)
            self._builds.pop(source, None)
        super().build_finished(source, outcome)

    def ask(self, plan: Plan) -> Consent | Plan:
        self._put_away()
        return super().ask(plan)

    def _print(self, text: str) -> None:
        with self._lock:
            if self._live is None:
                super()._print(text)
                return
            from rich.text import Text

            self._live.console.print(Text.from_ansi(text), soft_wrap=True)

    def _watch(self) -> None:
        """Begin to look whether there is something to show."""
        with self._lock:
            if self._over.is_set() and not self._closed:
                self._over = threading.Event()
                threading.Thread(target=self._look, args=(self._over,), name="table", daemon=True).start()

    def _put_away(self) -> bool:
        """Take the table off the screen until there is a step again; return whether there was one."""
        with self._lock:
            shown = self._live is not None
            self._over.set()
            self._clear()
            return shown

    def _clear(self) -> None:
        if self._live is not None:
            self._live.stop()
        self._live, self._shown = None, []

    def _look(self, over: threading.Event) -> None:
        while not over.wait(_INTERVAL):
            with self._lock:
                if not over.is_set():
                    self._draw()

    def _draw(self) -> None:
        lines = self._lines()
        if lines == self._shown:
            return
        self._shown = lines
        if not lines:
            self._clear()
            return
        if self._live is None:
            from rich.console import Console
            from rich.live import Live

            console = Console(stderr=True, no_color=not self._terminal.color)
            self._live = Live(
                console=console,
                auto_refresh=False,
                transient=True,
                vertical_overflow="crop",
                redirect_stdout=False,
                redirect_stderr=False,
            )
            self._live.start()
        self._live.update(self._text(lines), refresh=True)

    def _lines(self) -> list[list[tuple[str, str]]]:
        size, now = self._terminal.size or _USUAL, time.monotonic()
        unicode = (sys.stderr.encoding or "").lower().startswith("utf")
        rows = self._rows(now)
        waiting = len(self._waiting) if rows else 0
        return table(rows, waiting, size.columns, max(1, size.lines - _KEPT_FREE), unicode=unicode)

    def _rows(self, now: float) -> list[Row]:
        rows = [
            Row(str(source), doing, now - began, how_far) for source, (doing, began, how_far) in self._builds.items()
        ]
        if self._heard is None or now - self._began < _PATIENCE or (rows and self._heard.amount is None):
            return rows if any(row.seconds >= _PATIENCE for row in rows) or self._shown else []
        doing, amount = self._heard.doing, self._heard.amount
        return [*rows, Row("downloads" if rows else self._step, doing, now - self._began, amount)]

    def _text(self, lines: Sequence[Sequence[tuple[str, str]]]) -> Text:
        from rich.text import Text

        text = Text(no_wrap=True, overflow="crop")
        for number, line in enumerate(lines):
            for part, style in ([("\n", "")] if number else []) + list(line):
                text.append(part, style if self._terminal.color else "")
        return text


class LiveCommandReporter(CommandReporter, LiveReporter):
    """The same between the runs of another command."""
