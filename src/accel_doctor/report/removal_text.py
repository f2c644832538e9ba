"""Show a planned removal as lines of text. Pure."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping, Sequence

from rich.filesize import decimal

from accel_doctor.model.plans import JournalEntry
from accel_doctor.model.removals import PackageRemoval
from accel_doctor.wording import count, listed, printable


def removal_lines(removal: PackageRemoval, entries: Sequence[JournalEntry]) -> list[str]:
    """Return what is undone, the packages that go, with their sizes, and those that stay, with the reasons."""
    lines = [f"undo {entry.number}: {entry.time}  {shlex.join(entry.during)}" for entry in entries]
    if removal.packages:
        sizes = [f"  {decimal(size)}" if (size := removal.sizes.get(name)) else "" for name in removal.packages]
        rows = dict(zip(removal.packages, sizes, strict=True))
        lines += ["These were installed by it, and nothing else needs them:", *_rows(rows)]
    if removal.kept:
        lines += ["Kept:", *_rows({name: f"  {why}" for name, why in sorted(removal.kept.items())})]
    if removal.gone:
        lines.append(f"Not installed any more: {listed(removal.gone)}")
    if removal.along_unknown:
        lines.append(
            "The journal does not say what came along with them: the package manager can look for what is unused"
        )
    if removal.packages:
        total = sum(removal.sizes.values())
        lines.append(f"Removes {count(len(removal.packages), 'package')}{f', frees {decimal(total)}' if total else ''}")
    return list(map(printable, lines))


def _rows(rows: Mapping[str, str]) -> Iterator[str]:
    width = max(map(len, rows))
    return (f"  {name:<{width}}{text}".rstrip() for name, text in rows.items())
