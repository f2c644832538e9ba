"""Format messages: numbers with their nouns, lists, and untrusted text made safe to print."""

from __future__ import annotations

from collections.abc import Sequence


def count(number: int, one: str, many: str | None = None) -> str:
    """Return a number with its noun: ``1 wheel``, ``2 wheels``."""
    return f"{number} {one if number == 1 else many or one + 's'}"


def listed(names: Sequence[str]) -> str:
    """Return one or more names as in a sentence: ``a, b and c``."""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def either(names: Sequence[str]) -> str:
    """Return one or more names as a choice: ``a, b or c``."""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} or {names[-1]}"


def printable(text: str) -> str:
    """Replace terminal control characters: build output may be hostile."""
    return "".join(character if character.isprintable() else "�" for character in text.replace("\t", " "))


def shortened(text: str, width: int) -> str:
    """Return the first ``width`` characters of a line, safe to print."""
    text = printable(text.strip())
    return text if len(text) <= width else text[: width - 1] + "…"
