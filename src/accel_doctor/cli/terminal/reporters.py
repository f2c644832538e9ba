"""Show a run's progress: plain lines or, at a terminal, a live table of builds."""

from __future__ import annotations

import shlex
import threading
import time
from collections.abc import Collection, Sequence

import click

from accel_doctor.cli.terminal.asking import ask
from accel_doctor.cli.terminal.printing import command_text, print_command, text_for
from accel_doctor.cli.terminal.streams import Service, Terminal
from accel_doctor.interfaces import Reporter
from accel_doctor.model.builds import Amount, Built, Outcome, Source
from accel_doctor.model.machine import Distribution
from accel_doctor.model.plans import Case, Consent, Plan, Simulation
from accel_doctor.report.text import built_line, case_line, plan_lines
from accel_doctor.wording import count


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

    def give_way(self, text: str) -> None:
        """Announce a command that has the screen for itself."""
        self._say(text, bold=True)

    def stopping(self) -> None:
        """Restore the terminal, and say that an interrupt was heard; what was begun ends unheard."""
        self._stopped = True
        shown = self.close()
        if self._terminal.interactive and not shown:
            click.echo(err=True)  # beside it is the terminal's ^C
        self._say("stopping…", level=-1)

    def step(self, text: str) -> None:
        self._say(text, bold=True)

    def hear(self, line: str) -> None:
        """Take a line of what a frontend or a package manager prints; it is in a log."""

    def asked(self) -> None:
        """Make way for a question of the package manager."""

    def answered(self) -> None:
        """Go on after an answer."""

    def interrupted(self) -> None:
        self.note("stopping: waiting for the package manager, to avoid a half-finished installation")

    def builds(self, sources: Sequence[Source]) -> None:
        self.step(f"Building {count(len(sources), 'source distribution')}")

    def metadata_started(self, source: Source) -> None:
        pass

    def metadata_finished(self, source: Source) -> None:
        pass

    def build_started(self, source: Source) -> None:
        self._say(f"building {source}", [source.name])

    def build_progress(self, source: Source, amount: Amount) -> None:
        pass

    def build_phase(self, source: Source, phase: str) -> None:
        if self._terminal.verbosity > 0:
            self._say(f"{source}: {phase}")

    def build_finished(self, source: Source, outcome: Outcome) -> None:
        if isinstance(outcome, Built):  # failures are reported when they are diagnosed
            self._say(built_line(outcome), [source.name])

    def diagnosed(self, case: Case) -> None:
        self._failed.append(case)
        self._say(case_line(case), [case.failure.package] if case.failure.package else [], level=-1, fg="red")

    def plan(self, plan: Plan, simulation: Simulation | None) -> None:
        lines, commands = plan_lines(plan, simulation, self._distribution), plan.commands if plan.packages else ()
        for line in lines[: len(lines) - len(commands)]:
            self._say(line, plan.names, level=-1)
        for command in commands:
            if self._terminal.columns is None:
                self._say(f"  {shlex.join(command)}", level=-1)
            else:  # as it can be pasted, without our name
                self._print_if(-1, command_text(self._terminal, command))

    def note(self, text: str) -> None:
        self._say(text, level=-1, fg="yellow")

    def ask(self, plan: Plan) -> Consent | Plan:
        if not self._terminal.interactive:
            return Consent.NOBODY_TO_ASK
        answer = ask(plan, self._failed, self._terminal.columns)
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
        for command in plan.commands if plan else ():
            print_command(self._terminal, command)

    def _say(
        self, text: str, names: Collection[str] = (), *, level: int = 0, bold: bool = False, fg: str | None = None
    ) -> None:
        self._print_if(level, text_for(self._terminal, text, names, bold=bold, fg=fg))

    def _print_if(self, level: int, text: str) -> None:
        # pip: -q hides information, -qq warnings too, -qqq errors as well.
        if self._terminal.verbosity >= level and not self._is_late():
            self._print(text)

    def _print(self, text: str) -> None:
        click.echo(text, err=True, color=self._terminal.color)

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

    def _say(
        self, text: str, names: Collection[str] = (), *, level: int = 0, bold: bool = False, fg: str | None = None
    ) -> None:
        super()._say(f"accel-doctor: {text}", names, level=level, bold=bold, fg=fg)


class GroupingReporter(PlainReporter):
    """Plain lines for a service that keeps logs and folds groups of them: a group for each step.

    What went wrong, plans and the outcome stand outside of groups, where they are seen.
    """

    def __init__(self, terminal: Terminal, distribution: Distribution, service: Service) -> None:
        super().__init__(terminal, distribution)
        self._service = service
        self._group = ""
        self._number = 0

    def close(self) -> bool:
        self._end()
        return super().close()

    def step(self, text: str) -> None:
        self._end()
        self._number += 1
        self._group = f"accel_doctor_{self._number}"
        if self._service == "github":
            self._mark(f"::group::{text}")
        else:
            self._mark(f"\x1b[0Ksection_start:{int(time.time())}:{self._group}\r\x1b[0K{text}")

    def _print_if(self, level: int, text: str) -> None:
        if level < 0:
            self._end()
        super()._print_if(level, text)

    def _end(self) -> None:
        group, self._group = self._group, ""
        if group and self._service == "github":
            self._mark("::endgroup::")
        elif group:
            self._mark(f"\x1b[0Ksection_end:{int(time.time())}:{group}\r\x1b[0K")

    def _mark(self, text: str) -> None:
        if self._terminal.verbosity >= 0:
            click.echo(text, err=True, color=True)  # the escapes are for the service, not for a screen


def reporter_for(terminal: Terminal, distribution: Distribution) -> PlainReporter:
    """Return the reporter that suits the terminal."""
    if terminal.live and terminal.verbosity >= 0:
        from accel_doctor.cli.terminal.live import LiveReporter

        return LiveReporter(terminal, distribution)
    if terminal.service:
        return GroupingReporter(terminal, distribution, terminal.service)
    return PlainReporter(terminal, distribution)


def command_reporter_for(terminal: Terminal, distribution: Distribution) -> PlainReporter:
    """Return the reporter that suits the terminal, for what is printed between another command's output."""
    if terminal.live and terminal.verbosity >= 0:
        from accel_doctor.cli.terminal.live import LiveCommandReporter

        return LiveCommandReporter(terminal, distribution)
    return CommandReporter(terminal, distribution)
