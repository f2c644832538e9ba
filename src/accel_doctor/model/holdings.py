"""Contents of the cache, for its commands."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from pathlib import Path


class HoldingKind(str, Enum):
    """A kind of thing kept between runs, or left behind by dead processes and older versions."""

    WHEEL = "wheel"
    SOURCE = "source"
    LOCK = "lock"  # a resolution that is remembered
    ENVIRONMENT = "environment"
    LOG = "log"
    LEFTOVER = "leftover"


@dataclass(frozen=True)
class Holding:
    """One thing that is kept or removed as a whole."""

    kind: HoldingKind
    name: str  # what it is called while it is in use: a wheel's key, a source's hash, a run of logs
    label: str  # for people: a file name
    path: Path
    size: int  # bytes that are free once it is removed
    used: float  # when it was last used, in seconds since the epoch, as the clock was then


@dataclass(frozen=True)
class LeftOut:
    """Something that was not moved or removed, and why."""

    name: str  # a file, or a key
    why: str


@dataclass(frozen=True)
class Removal:
    """The result of a removal; ``left`` is the size of what remains."""

    removed: tuple[Holding, ...]
    in_use: tuple[Holding, ...]
    refused: tuple[LeftOut, ...]  # what could not be removed
    left: int
    dry_run: bool = False

    @property
    def freed(self) -> int:
        """The bytes that were removed."""
        return sum(holding.size for holding in self.removed)


@dataclass(frozen=True)
class Damage:
    """Something kept that is not what was stored, and whether it was removed."""

    kind: HoldingKind
    key: str
    path: Path
    why: str
    removed: bool


@dataclass(frozen=True)
class Limits:
    """Limits on what may stay: total bytes, seconds since the last use, number of a kind."""

    size: int | None = None
    age: float | None = None
    count: int | None = None
