"""Results of processes."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Completed:
    """A process that ended. ``output`` is stdout (and stderr too where they were merged).

    ``interrupted`` tells that the user typed Ctrl-C, however the process handled it.
    """

    argv: tuple[str, ...]
    returncode: int
    output: str
    stderr: str = ""
    seconds: float = 0.0
    interrupted: bool = False
