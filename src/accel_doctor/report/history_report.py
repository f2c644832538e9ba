"""The journal as lines of text. Pure."""

from __future__ import annotations

import shlex
from collections.abc import Iterable

from accel_doctor.model import JournalEntry
from accel_doctor.wording import printable


def history_lines(entries: Iterable[JournalEntry]) -> list[str]:
    """Each treatment: when and during what; each package with why it was needed; the commands that were run."""
    lines = []
    for entry in entries:
        lines.append(f"{entry.time}  {entry.distribution}  {shlex.join(entry.during)}")
        width = max((len(package.name) for package in entry.packages), default=0)
        for package in entry.packages:
            for position, need in enumerate(package.needs):
                name = package.name if position == 0 else ""
                user = f" for {need.package}" if need.package else ""
                lines.append(f'  {name:<{width}}  {need.need}{user}: "{need.evidence}"')
        lines += [f"  $ {shlex.join(command)}" for command in entry.commands]
    return [printable(line) for line in lines]
