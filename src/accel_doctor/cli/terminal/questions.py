"""Questions that a person answers at a terminal, and options elsewhere."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import TypeVar

import click

from accel_doctor.errors import UsageError

_T = TypeVar("_T")


@dataclass(frozen=True)
class Questions:
    """Asks on stderr where somebody can answer; elsewhere an option answers, or the question's default does."""

    interactive: bool

    def ask(
        self, question: str, option: str, given: str | None, check: Callable[[str], _T], default: str | None = None
    ) -> _T:
        """What ``check`` makes of the answer; it raises ValueError for one that will not do, which is asked for again.

        UsageError where nobody can be asked and ``given``, the value of ``option``, is not there or will not do.
        """
        if given is not None or not self.interactive:
            answer = default if given is None else given
            if answer is None:
                raise UsageError(f"nobody can be asked here: {question}", hint=f"say it with {option}")
            try:
                return check(answer)
            except ValueError as error:
                raise UsageError(f"{option}: {error}") from error
        while True:
            try:
                return check(str(click.prompt(safe(question), default=default, err=True)))
            except ValueError as error:
                tell(f"  {error}")


def a_name(taken: Collection[str]) -> Callable[[str], str]:
    """A check for names of files and of rules that are none of those ``taken``."""

    def check(text: str) -> str:
        if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,99}", text):
            raise ValueError(f"not a name: {text!r}; letters, digits, dots and hyphens make one")
        if text in taken:
            raise ValueError(f"{text} is there already")
        return text

    return check


def a_free_name(stem: str, taken: Collection[str]) -> str:
    """The name itself, with a number behind it where it is taken."""
    return next(name for name in (stem, *(f"{stem}-{n}" for n in range(2, len(taken) + 3))) if name not in taken)


def safe(text: str) -> str:
    """The text without what could drive a terminal: it may come from a log."""
    from accel_doctor.report.text import printable

    return printable(text)


def tell(text: str) -> None:
    """A line on stderr."""
    click.echo(safe(text), err=True)
