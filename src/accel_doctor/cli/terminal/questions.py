"""Questions that a person answers at a terminal, or by options."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import click

from accel_doctor.errors import UsageError
from accel_doctor.wording import printable

_T = TypeVar("_T")


@dataclass(frozen=True)
class Questions:
    """Asks on stderr at a terminal; without one, an option answers, or the question's default does."""

    interactive: bool

    def ask(
        self, question: str, option: str, given: str | None, check: Callable[[str], _T], default: str | None = None
    ) -> _T:
        """Return what ``check`` makes of the answer. It raises ValueError for a bad one, which is asked for again.

        UsageError where there is no terminal and ``given``, the value of ``option``, is missing or bad.
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

    def shown(self, text: str) -> str:
        """Return the text without what could drive a terminal: it may come from a log."""
        return printable(text)
