"""Questions that a person answers at a terminal, or by options."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import click

from accel_doctor.errors import UsageError
from accel_doctor.model.plans import Case, Consent, Plan
from accel_doctor.report.wrapping import wrapped
from accel_doctor.wording import count, printable

_T = TypeVar("_T")


@dataclass(frozen=True)
class Questions:
    """Ask on stderr at a terminal; without one, an option answers, or the question's default does."""

    interactive: bool

    def ask(
        self, question: str, option: str, given: str | None, check: Callable[[str], _T], default: str | None = None
    ) -> _T:
        """Return the answer, converted by ``check``; if that raises ValueError for a bad one, ask again.

        Raises UsageError if there is no terminal and ``given``, the value of ``option``, is missing or bad.
        """
        if given is not None or not self.interactive:
            text = default if given is None else given
            if text is None:
                raise UsageError(f"no terminal to ask on: {question}", hint=f"answer with {option}")
            try:
                return check(text)
            except ValueError as error:
                raise UsageError(f"{option}: {error}") from error
        while True:
            try:
                return check(str(click.prompt(printable(question), default=default, err=True)))
            except ValueError as error:
                self.tell(f"  {error}")

    def tell(self, text: str) -> None:
        """Print a line on stderr."""
        click.echo(printable(text), err=True)


def confirmed(question: str) -> bool:
    """Return the answer typed at the terminal; yes if it is empty. Ctrl-C raises click.Abort."""
    return click.confirm(printable(question), default=True, err=True)


# --- the one question of a run: install these packages? --------------------------------------------------

_LINES_SHOWN = 40
_UNBOUNDED = 1000  # columns, without a screen
_BYTES_READ = 64 * 1024

# Key -> the word beside it in the question, and what it means in full
_ANSWERS = {
    "y": ("yes", "do so"),
    "n": ("no", "change nothing; this is the answer without one"),
    "l": ("log", "show the end of the logs of what failed"),
    "a": ("alternatives", "choose other packages"),
    "?": ("help", "explain these answers"),
}


def ask(plan: Plan, cases: Sequence[Case], columns: int | None = None) -> Consent | Plan:
    """Return the answer typed at the terminal: yes, no, or a plan with other packages. Ctrl-C raises click.Abort."""
    open_to_choice = any(package.alternatives for package in plan.packages)
    keys = [key for key in _ANSWERS if key != "a" or open_to_choice]
    shown = ", ".join(f"{key.upper() if key == 'n' else key} {_ANSWERS[key][0]}" for key in keys)
    question = "\n".join(wrapped(f"{_proposal(plan)}? [{shown}]", (columns or _UNBOUNDED) - len(": y")))
    while True:
        answer = click.prompt(question, default="n", show_default=False, err=True).strip().lower()
        key = next((key for key in keys if answer and answer in (key, _ANSWERS[key][0])), "?")
        if key in "yn":
            return Consent.YES if key == "y" else Consent.NO
        if key == "l":
            _show_logs(plan, cases)
        elif key == "a":
            return _chosen(plan)
        else:
            for key in keys:
                click.echo(f"  {key}  {_ANSWERS[key][1]}", err=True)


def _proposal(plan: Plan) -> str:
    packages = f"Install {count(len(plan.names), 'system package')}" if plan.names else ""
    if not plan.build_cures:
        return packages
    return f"{packages} and build with these changes" if packages else "Build again with these changes"


def _show_logs(plan: Plan, cases: Sequence[Case]) -> None:
    for log in dict.fromkeys(case.failure.log for case in cases):
        click.echo(f"--- {log}", err=True)
        for line in _last_lines(log):
            click.echo(f"  {printable(line)}", err=True)
    if not cases:
        click.echo("nothing has failed, so there is no log; known without it:", err=True)
        reasons = [(package, reason) for package in plan.packages for reason in package.reasons]
        lines = [f"{package.name}  {one.need} for {one.package or 'the build'}" for package, one in reasons]
        for line in dict.fromkeys(lines):
            click.echo(f"  {line}", err=True)


def _last_lines(log: Path) -> list[str]:
    try:
        with log.open("rb") as stream:
            stream.seek(max(0, stream.seek(0, os.SEEK_END) - _BYTES_READ))
            return stream.read(_BYTES_READ).decode(errors="replace").splitlines()[-_LINES_SHOWN:]
    except OSError as error:
        return [f"cannot read it: {error.strerror}"]


def _chosen(plan: Plan) -> Plan:
    """Return the plan with the alternative picked from a numbered list; unchanged if none was picked."""
    options = [(package.name, others) for package in plan.packages for others in package.alternatives]
    options = list(dict.fromkeys(options))
    for number, (name, others) in enumerate(options, 1):
        click.echo(f"  {number}  {', '.join(others)} instead of {name}", err=True)
    number = click.prompt("Which (0: none of these)", type=click.IntRange(0, len(options)), default=0, err=True)
    return plan.instead(*options[number - 1]) if number else plan
