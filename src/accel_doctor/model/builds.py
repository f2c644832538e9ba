"""Results of a request: locks, sources, wheels, and failures."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING

from accel_doctor.model.wheels import Link

if TYPE_CHECKING:
    from packaging.pylock import Pylock

    from accel_doctor.model.cures import Reason


class SourceKind(str, Enum):
    """The source of a build. Only archives and commits have a stable identity, so only they are stored."""

    SDIST = "sdist"
    VCS = "vcs"
    DIRECTORY = "directory"


@dataclass(frozen=True)
class Source:
    """One distribution to be built. ``location`` is a URL or an absolute path."""

    name: str  # normalized
    version: str | None
    kind: SourceKind
    location: str
    sha256: str | None = None  # of an sdist
    commit: str | None = None  # of a VCS source
    vcs: str | None = None  # git, hg, ...
    subdirectory: str | None = None
    size: int | None = field(default=None, compare=False)  # bytes, if the lock says
    revision: str | None = field(default=None, compare=False)  # of a VCS source: what the user asked for

    def __str__(self) -> str:
        return f"{self.name} {self.version}" if self.version else self.name


BYTES = "byte"


@dataclass(frozen=True)
class Amount:
    """Say how far something is: ``done`` of ``total``, if known; ``unit`` a noun or ``%``, empty for steps."""

    done: int
    total: int | None = None
    unit: str = ""


@dataclass(frozen=True)
class Locked:
    """The resolved requirements: a PEP 751 lock whose relative paths were made absolute.

    ``remembered`` says that an earlier run resolved them, so all files may already be on this machine; ``file`` is an
    existing file with the same lock. ``present`` names what the lock holds too and is installed already.
    """

    lock: Pylock
    remembered: bool = False
    file: Path | None = None
    present: tuple[str, ...] = ()


@dataclass(frozen=True)
class Wheel:
    """A wheel on disk, with the SHA-256 of its bytes when read, the links of its extension modules, and the build
    requirements it was built with (``numpy==1.26.4``), as far as known."""

    path: Path
    sha256: str
    links: tuple[Link, ...] = ()
    build_requirements: tuple[str, ...] = ()
    lacks: tuple[str, ...] = ()  # needs without which its build left out an extension module
    imported: bool = field(default=False, compare=False)  # since it was built


@dataclass(frozen=True)
class Described:
    """The metadata of a source, in a wheel that holds nothing else. The source has what was learned on the way: its
    name, version, commit, hash."""

    source: Source
    wheel: Wheel


@dataclass(frozen=True)
class Failed:
    """A frontend or a build stopped, and its output may say why.

    While resolving many, ``package`` and ``version`` are those that the frontend names, or None.
    """

    package: str | None
    log: Path
    step: str  # "resolve", "build", "install", or "command" for one of the user's own
    returncode: int
    seconds: float = 0.0
    version: str | None = None
    source: Source | None = None  # the release, if its metadata failed to build


@dataclass(frozen=True)
class Built:
    """A source was built into a wheel; ``reused`` says that it came from the store."""

    source: Source
    wheel: Wheel
    reused: bool
    seconds: float = 0.0
    log: Path | None = None
    lacks: tuple[Reason, ...] = ()  # without which it left out an extension module


Outcome = Built | Failed


class Provision(Enum):
    """Say where a wheel to install comes from; the values are those in reports."""

    FETCHED = "fetched"  # from an index, a URL or a file
    STORED = "stored"  # from the wheel store
    BUILT = "built"  # in this run, or to be built if it is a dry run


@dataclass(frozen=True)
class Change:
    """A distribution that a run installs, replaces or removes. Versions are None where there is none, and "" if only
    building tells."""

    name: str
    before: str | None
    after: str | None
    provision: Provision = Provision.FETCHED
    size: int | None = None  # bytes to download, 0 if unknown; None if there is nothing to
