"""Results of processes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

SandboxChoice = Literal["auto", "on", "off"]


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


@dataclass(frozen=True)
class Rights:
    """Allow a sandboxed process more than to read what every build needs of the system."""

    readable: tuple[Path, ...] | None = ()  # with all below them; None: every file
    writable: tuple[Path, ...] | None = ()  # None: nothing is limited, and the process only leaves nothing running
    network: bool = False
    user: tuple[int, int] | None = None  # uid and gid to become
    credentials: bool = False  # whether it keeps the variables that hold secrets


@dataclass(frozen=True)
class Isolation:
    """Hold the user's choices on the sandbox of builds."""

    sandbox: SandboxChoice = "auto"  # the strongest that this kernel allows; a whole one or an error; none
    networked: frozenset[str] = frozenset()  # normalized names of projects whose builds may use the network, or ":all:"
    passed_on: frozenset[str] = frozenset()  # variables that builds get although their names or values look secret
