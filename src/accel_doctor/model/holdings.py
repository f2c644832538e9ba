"""Contents of the cache, for its commands."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from pathlib import Path


class HoldingKind(str, Enum):
    """A kind of thing kept between runs, or left behind by dead processes and older versions."""

    WHEEL = "wheel"
    SOURCE = "source"
    LOCK = "lock"  # a remembered resolution
    CURE = "cure"  # of a build
    IMPORT = "import"  # of a set of distributions
    ENVIRONMENT = "environment"
    LOG = "log"
    LEFTOVER = "leftover"


@dataclass(frozen=True)
class Holding:
    """One item of the cache that is kept or removed as a whole."""

    kind: HoldingKind
    name: str  # its name for locking: a wheel's key, a source's hash, a run of logs
    label: str  # for people: a file name
    path: Path
    size: int  # bytes freed by removing it
    used: float  # time of last use, in seconds since the epoch


@dataclass(frozen=True)
class LeftOut:
    """An item that was not moved or removed, and why."""

    name: str  # a file, or a key
    why: str


@dataclass(frozen=True)
class Removal:
    """The result of a removal; ``left`` is the size of what remains."""

    removed: tuple[Holding, ...]
    in_use: tuple[Holding, ...]
    refused: tuple[LeftOut, ...]  # items that could not be removed
    left: int
    dry_run: bool = False

    @property
    def freed(self) -> int:
        """Return the number of bytes removed."""
        return sum(holding.size for holding in self.removed)


@dataclass(frozen=True)
class Damage:
    """A stored item whose content has changed, and whether it was removed."""

    kind: HoldingKind
    key: str
    path: Path
    why: str
    removed: bool


@dataclass(frozen=True)
class Limits:
    """Limits for the cache: total bytes, seconds since the last use, number of items per kind."""

    size: int | None = None
    age: float | None = None
    count: int | None = None
