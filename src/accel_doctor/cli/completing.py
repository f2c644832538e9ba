"""Complete options and arguments in shells, by what their placeholders say that they take (FILE, DIR, NEED, ID)."""

from __future__ import annotations

import importlib
import re

import click

_WORD = re.compile(r"[A-Z]+")
_FILES = frozenset({"FILE", "PATH", "LOG", "LOCK", "REQUIREMENT", "ARGUMENT"})
# Words of a placeholder -> the function of completed_values.py that knows the values
_VALUES = {
    frozenset({"ID", "VERSION"}): "linux_distributions",
    frozenset({"NAME", "VERSION"}): "kept_wheels",
    frozenset({"NEED", "FILE"}): "needs",
    frozenset({"KIND", "NAME"}): "needs",
    frozenset({"NEED", "SYMPTOM", "PACKAGE", "FAMILY"}): "rules",
    frozenset({"REQUIREMENT"}): "python_packages",
    frozenset({"COMMAND"}): "commands",
    frozenset({"TOPIC"}): "topics",
    frozenset({"KEY"}): "configuration_keys",
    frozenset({"RUN", "FILE"}): "recorded_runs",
}


class CompletedText(click.types.StringParamType):
    """A text whose beginning a shell can complete: files, directories, or the values that a function returns."""

    def __init__(self, words: frozenset[str]) -> None:
        self._values = _VALUES.get(words)
        self._other = "file" if words & _FILES else "dir" if "DIR" in words else None

    def shell_complete(
        self, context: click.Context, parameter: click.Parameter, incomplete: str
    ) -> list[click.shell_completion.CompletionItem]:
        """Return the values that begin so; if there are none, that files or directories may do."""
        found: list[str] = []
        if self._values:
            values = importlib.import_module("accel_doctor.cli.completed_values")
            found = getattr(values, self._values)(incomplete)
        if not found and self._other:
            return [click.shell_completion.CompletionItem(incomplete, type=self._other)]
        return [click.shell_completion.CompletionItem(value) for value in found]


def type_of(placeholder: str | None) -> CompletedText | None:
    """Return the type of a parameter by its placeholder; None if nothing is known about its values."""
    words = frozenset(_WORD.findall(placeholder or ""))
    return CompletedText(words) if words in _VALUES or words & _FILES or "DIR" in words else None
