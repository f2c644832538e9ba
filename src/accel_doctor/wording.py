"""Words in messages: numbers with their nouns, and foreign text made fit to show."""

from __future__ import annotations

from collections.abc import Sequence


def count(number: int, one: str, many: str | None = None) -> str:
    """Return a number with its noun: ``1 wheel``, ``2 wheels``."""
    return f"{number} {one if number == 1 else many or one + 's'}"


def listed(names: Sequence[str]) -> str:
    """Return one or more names as a sentence has them: ``a, b and c``."""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def printable(text: str) -> str:
    """Replace everything that could drive a terminal: build output may be hostile."""
    return "".join(character if character.isprintable() else "�" for character in text.replace("\t", " "))


def shortened(text: str, width: int) -> str:
    """Return the first ``width`` characters of a line, fit to show."""
    text = printable(text.strip())
    return text if len(text) <= width else text[: width - 1] + "…"
