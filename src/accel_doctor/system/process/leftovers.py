"""End what a build leaves running, where that keeps the tool waiting that started the build.

uv and pip read a backend's output to its end, which comes when the last process that inherited the pipe is gone. A
daemon (a compiler cache, a language's build server) lives on.
"""

from __future__ import annotations

import contextlib
import os
import re
import signal
from collections.abc import Iterator
from pathlib import Path

_PROC = Path("/proc")
_INTERVAL = 1.0  # seconds between looks
_GRACE = 3  # looks before a process is told to end, and again before it is killed
_READS_ONLY = re.compile(rb"(?m)^flags:\s+[0-7]*[04]$")  # the access mode is O_RDONLY


class Leftovers:
    """End the processes that keep one process waiting. Without /proc there are none to be seen."""

    def __init__(self, waiting: int, now: float) -> None:
        self._waiting = waiting
        self._next = now + _INTERVAL
        self._looks: dict[int, int] = {}

    def ended(self, now: float) -> list[str]:
        """Look, at most once a second; return what was told to end: ``name (process 4711)``."""
        if now < self._next:
            return []
        self._next = now + _INTERVAL
        self._looks = {pid: self._looks.get(pid, 0) + 1 for pid in waited_for(self._waiting)}
        told = [_named(pid) for pid, looks in self._looks.items() if looks == _GRACE]
        for pid, looks in self._looks.items():
            if looks >= _GRACE:
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.kill(pid, signal.SIGTERM if looks < 2 * _GRACE else signal.SIGKILL)
        return told


def waited_for(waiting: int) -> list[int]:
    """Return the processes that write to a pipe that only ``waiting`` reads; none while it has children to wait for."""
    with contextlib.suppress(OSError):
        pids = [int(entry.name) for entry in _PROC.iterdir() if entry.name.isdigit()]
        others = [pid for pid in pids if pid not in (waiting, os.getpid())]
        if any(_parent(pid) == waiting for pid in others):
            return []
        pipes = set(_pipes(waiting, read=True))
        return [pid for pid in others if pipes & set(_pipes(pid, read=False))] if pipes else []
    return []


def _parent(pid: int) -> int | None:
    """Return the parent of a running process; None if it has ended, even if nobody has asked for its exit code."""
    try:
        state, parent, *_ = (_PROC / str(pid) / "stat").read_bytes().rpartition(b")")[2].split()
    except (OSError, ValueError):
        return None
    return None if state == b"Z" else int(parent)


def _pipes(pid: int, *, read: bool) -> Iterator[str]:
    """Yield the pipes that a process has open to read only, or to write; none of a process that is not ours."""
    with contextlib.suppress(OSError):
        for descriptor in (_PROC / str(pid) / "fd").iterdir():
            with contextlib.suppress(OSError):  # closed meanwhile
                target = str(descriptor.readlink())
                if target.startswith("pipe:"):
                    facts = (_PROC / str(pid) / "fdinfo" / descriptor.name).read_bytes()
                    if bool(_READS_ONLY.search(facts)) is read:
                        yield target


def _named(pid: int) -> str:
    try:
        name = (_PROC / str(pid) / "comm").read_text(errors="replace").strip()
    except OSError:
        name = "?"
    return f"{name} (process {pid})"
