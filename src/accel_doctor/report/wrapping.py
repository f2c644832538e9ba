"""Wrap lines at words for a terminal, and let names stand out. Pure."""

from __future__ import annotations

import re
import shlex
import textwrap
from collections.abc import Collection, Sequence

NARROWEST = 40  # columns; a narrower terminal breaks lines itself
_HANG = 2
_IN_COLUMN = 8  # columns of indentation from which on a line goes on in the second column
_BEFORE_UNIT = re.compile(r"(?<=\d) (?=(?:s|min|[kMG]?B|%)(?:\W|$))")
_TOGETHER = "\xa0"  # textwrap does not break here
_TWO_COLUMNS = re.compile(r" *\S+(?: \S+)? {2,}(?=\S)")


def wrapped(line: str, width: int) -> list[str]:
    """Return the line as lines of at most ``width`` columns, unless a word is longer.

    The further ones hang: below the second of two columns if that begins in the left third, else a little to the right.
    """
    width = max(width, NARROWEST)
    if len(line) <= width:
        return [line]
    indent = len(line) - len(line.lstrip(" "))
    columns = _TWO_COLUMNS.match(line)
    begin, hang = indent, indent if indent >= _IN_COLUMN else indent + _HANG
    if columns and columns.end() <= width // 3:
        begin = hang = columns.end()
    lines = textwrap.wrap(
        _BEFORE_UNIT.sub(_TOGETHER, line[begin:]),
        width,
        initial_indent=line[:begin],
        subsequent_indent=" " * hang,
        break_long_words=False,
        break_on_hyphens=False,
    )
    return [one.replace(_TOGETHER, " ") for one in lines]


def wrapped_command(command: Sequence[str], width: int, indent: int = 2) -> list[str]:
    """Return a command quoted for a shell, in lines that can be pasted: all but the last end with a backslash."""
    width = max(width, NARROWEST)
    lines = [" " * indent]
    for word in map(shlex.quote, command):
        if len(lines[-1]) + 1 + len(word) + len(" \\") > width and lines[-1].strip():
            lines[-1] += " \\"
            lines.append(" " * (indent + _HANG) + word)
        else:
            lines[-1] += f" {word}" if lines[-1].strip() else word
    return lines


def emphasized(line: str, names: Collection[str]) -> list[tuple[str, bool]]:
    """Return the parts of a line, with whether each is one of these names, as a word of its own."""
    if not names:
        return [(line, False)]
    longest_first = sorted(map(re.escape, names), key=len, reverse=True)
    parts = re.split(rf"(?<![\w/.+-])({'|'.join(longest_first)})(?![\w/+-]|\.\w)", line)
    return [(part, number % 2 == 1) for number, part in enumerate(parts)]
