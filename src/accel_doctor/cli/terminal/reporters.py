"""Show a run's progress: plain lines or, at a terminal, a live table of builds."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from accel_doctor.cli.session import Terminal
from accel_doctor.cli.terminal.asking import ask
from accel_doctor.interfaces import Reporter
from accel_doctor.model.builds import Built, Outcome, Source
from accel_doctor.model.machine import Distribution
from accel_doctor.model.plans import Case, Consent, Plan, Simulation
from accel_doctor.report.text import built_line, case_lines, command_lines, plan_lines

if TYPE_CHECKING:
    from rich.live import Live
    from rich.table import Table


class PlainReporter(Reporter):
    """One line per event, on stderr; the commands that the user must run go to stdout."""

    def __init__(self, terminal: Terminal, distribution: Distribution) -> None:
        self._terminal = terminal
        self._distribution = distribution
        self._failed: list[Case] = []  # since the last question
        self._stopped = False

    def close(self) -> bool:
        """Restore the terminal; return whether there was a table."""
        return False

    def stopping(self) -> None:
        """Restore the terminal, and say that an interrupt was heard; what was begun ends unheard."""
        self._stopped = True
        if self._terminal.interactive and not self.close():
            click.echo(err=True)  # beside it is the terminal's ^C
        self._say("stopping…", level=-1)

    def step(self, text: str) -> None:
        self._say(text, bold=True)

    def build_started(self, source: Source) -> None:
        self._say(f"building {source}")

    def build_phase(self, source: Source, phase: str) -> None:
        if self._terminal.verbosity > 0:
            self._say(f"{source}: {phase}")

    def build_finished(self, source: Source, outcome: Outcome) -> None:
        if isinstance(outcome, Built):  # failures are reported when they are diagnosed
            self._say(built_line(outcome))

    def diagnosed(self, case: Case) -> None:
        self._failed.append(case)
        for number, line in enumerate(case_lines(case)):
            self._say(line, level=-1, fg="red" if number == 0 else None)

    def plan(self, plan: Plan, simulation: Simulation | None) -> None:
        for line in plan_lines(plan, simulation, self._distribution):
            self._say(line, level=-1)

    def note(self, text: str) -> None:
        self._say(text, level=-1, fg="yellow")

    def ask(self, plan: Plan) -> Consent | Plan:
        if not self._terminal.interactive:
            return Consent.NOBODY_TO_ASK
        answer = ask(plan, self._failed)
        if isinstance(answer, Consent):
            self._failed.clear()
        return answer

    def changes(self, lines: Sequence[str]) -> None:
        """Print what was installed, replaced and removed, a line each."""
        for line in lines:
            self._say(line, fg={"+": "green", "-": "red"}.get(line[1], "yellow"))

    def summary(self, text: str) -> None:
        """Print the last line of a run that succeeded."""
        self._say(text, level=-1, bold=True)

    def verdict(self, message: str, hint: str | None) -> None:
        """Print how a run failed, and the next step."""
        self._say(f"error: {message}", level=-2, fg="red")
        if hint:
            self._say(f"hint: {hint}", level=-1, fg="cyan")

    def commands(self, plan: Plan | None) -> None:
        """Print the exact commands, on stdout."""
        for line in command_lines(plan.commands if plan else ()):
            click.echo(line)

    def _say(self, text: str, *, level: int = 0, bold: bool = False, fg: str | None = None) -> None:
        # pip: -q hides information, -qq warnings too, -qqq errors as well.
        if self._terminal.verbosity >= level and not self._is_late():
            click.echo(click.style(text, bold=bold, fg=fg) if self._terminal.color else text, err=True)

    def _is_late(self) -> bool:
        """Return whether a thread reports on after an interrupt."""
        return self._stopped and threading.current_thread() is not threading.main_thread()


class CommandReporter(PlainReporter):
    """A reporter that prints between another command's output: it prefixes its name and prints only what helps."""

    def diagnosed(self, case: Case) -> None:
        if case.diagnosis.causes:
            super().diagnosed(case)
        else:
            self._say(f"no missing dependency found in the output; log: {case.failure.log}")

    def _say(self, text: str, *, level: int = 0, bold: bool = False, fg: str | None = None) -> None:
        super()._say(f"accel-doctor: {text}", level=level, bold=bold, fg=fg)


class LiveReporter(PlainReporter):
    """Plain lines, and below them a table of the running builds with phase and elapsed seconds."""

    def __init__(self, terminal: Terminal, distribution: Distribution) -> None:
        super().__init__(terminal, distribution)
        self._builds: dict[Source, tuple[str, float]] = {}
        self._lock = threading.RLock()  # builds run in threads, and signals come while it is held
        self._live: Live | None = None

    def close(self) -> bool:
        with self._lock:
            shown = self._live is not None
            self._stop()
            return shown

    def build_started(self, source: Source) -> None:
        with self._lock:
            self._builds[source] = ("starting", time.monotonic())
            self._start()

    def build_phase(self, source: Source, phase: str) -> None:
        with self._lock:
            if source in self._builds:
                self._builds[source] = (phase, self._builds[source][1])

    def build_finished(self, source: Source, outcome: Outcome) -> None:
        with self._lock:
            self._builds.pop(source, None)
            if not self._builds:
                self._stop()
        super().build_finished(source, outcome)

    def _say(self, text: str, *, level: int = 0, bold: bool = False, fg: str | None = None) -> None:
        if self._live is None:
            super()._say(text, level=level, bold=bold, fg=fg)
        elif self._terminal.verbosity >= level and not self._is_late():
            self._live.console.print(
                text, style=" ".join(filter(None, ["bold" if bold else "", fg or ""])), markup=False, highlight=False
            )

    def _start(self) -> None:
        if self._live is None and not self._stopped:
            from rich.console import Console
            from rich.live import Live

            console = Console(stderr=True, no_color=not self._terminal.color)
            self._live = Live(get_renderable=self._table, console=console, refresh_per_second=4, transient=True)
            self._live.start()

    def _stop(self) -> None:
        if self._live is not None:
            self._live.stop()
            self._live = None

    def _table(self) -> Table:
        from rich.table import Table

        table = Table.grid(padding=(0, 2))
        now = time.monotonic()
        for source, (phase, started) in list(self._builds.items()):
            table.add_row(f"  {source}", phase, f"{now - started:.0f} s")
        return table


def reporter_for(terminal: Terminal, distribution: Distribution) -> PlainReporter:
    """Return the reporter that suits the terminal."""
    if terminal.live and terminal.verbosity >= 0:
        return LiveReporter(terminal, distribution)
    return PlainReporter(terminal, distribution)
