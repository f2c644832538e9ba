"""The live table as lines of styled text, for any size of the terminal. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.filesize import decimal

from accel_doctor.model.builds import BYTES, Amount
from accel_doctor.wording import count, shortened

NAME, BAR, QUIET = "bold", "green", "dim"  # styles

_INDENT, _GAP = "  ", "  "
_BAR_CELLS = 20
_WIDE = 80  # columns from which on there is a bar
_NARROWEST = 12  # columns of names
_SHORTEST = 6  # columns, of a word cut off

Span = tuple[str, str]  # text and style


@dataclass(frozen=True)
class Row:
    """One thing that is being done: its name, what is done with it, how far that is, and for how long."""

    name: str
    doing: str
    seconds: float
    amount: Amount | None = None


def table(rows: Sequence[Row], waiting: int, width: int, height: int, *, unicode: bool = True) -> list[list[Span]]:
    """Return the lines for these rows, the oldest first, with a sum for rows that do not fit and for what waits."""
    summed = len(rows) > height or waiting
    shown = rows[: max(1, height - 1)] if summed else rows
    names = min(max((len(row.name) for row in shown), default=0), max(_NARROWEST, width // 2 - 4))
    times = [duration(row.seconds) for row in shown]
    last = max(map(len, times), default=0)
    bar = _BAR_CELLS + len(_GAP) if width >= _WIDE and any(_is_bounded(row) for row in shown) else 0
    middle = max(0, width - 1 - len(_INDENT) - names - 2 * len(_GAP) - bar - last)
    middle = min(middle, max((len(_doing(row)) for row in shown), default=0))
    lines = [_line(row, time.rjust(last), names, middle, bar, unicode) for row, time in zip(shown, times, strict=True)]
    if summed:
        hidden = len(rows) - len(shown)
        parts = [*([f"{hidden} more running"] if hidden else []), *([f"{waiting} waiting"] if waiting else [])]
        lines.append([(_INDENT + ", ".join(parts), QUIET)])
    return lines


def duration(seconds: float) -> str:
    """Return how long something takes: ``12 s``, ``1 min 12 s``."""
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes} min {rest:02} s" if minutes else f"{rest} s"


def amount_text(amount: Amount) -> str:
    """Return how far something is: ``173 of 490``, ``45 %``, ``12 files``, ``3.2 of 16.4 MB``."""
    if amount.unit == "%":
        return f"{amount.done} %"
    if amount.unit == BYTES:
        return f"{decimal(amount.done)} of {decimal(amount.total)}" if amount.total else decimal(amount.done)
    if amount.total is None:
        return count(amount.done, amount.unit)
    return f"{amount.done} of {amount.total}"


def _line(row: Row, time: str, names: int, middle: int, bar: int, unicode: bool) -> list[Span]:
    doing = _doing(row, middle) if middle else ""
    line = [(_INDENT, ""), (shortened(row.name, names).ljust(names), NAME), (_GAP + doing.ljust(middle) + _GAP, "")]
    if bar:
        line.append(((_bar(row.amount, unicode) if row.amount else "").ljust(bar), BAR))
    return [*line, (time, QUIET)]


def _doing(row: Row, width: int = 10_000) -> str:
    amount = amount_text(row.amount) if row.amount else ""
    left = width - len(amount) - 1 if amount else width
    doing = row.doing if len(row.doing) <= left else shortened(row.doing, left) if left >= _SHORTEST else ""
    return shortened(f"{doing} {amount}".strip(), width)


def _is_bounded(row: Row) -> bool:
    return row.amount is not None and bool(row.amount.total)


def _bar(amount: Amount, unicode: bool) -> str:
    if not amount.total:
        return ""
    full, rest = ("━", "─") if unicode else ("#", "-")
    cells = min(_BAR_CELLS, amount.done * _BAR_CELLS // amount.total)
    return full * cells + rest * (_BAR_CELLS - cells)
