"""Releases of a project, as a package index lists them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from packaging.version import Version


@dataclass(frozen=True, slots=True)
class ReleaseFile:
    """One file on an index page; ``url`` may also be an absolute path. What it says of itself is not verified."""

    filename: str
    url: str
    sha256: str | None = None
    requires_python: str | None = None
    yanked: bool = False
    uploaded: str | None = None  # ISO 8601, if the index tells
    why_yanked: str = ""
    size: int | None = None  # bytes
    metadata: str | None = None  # its METADATA is at ``url`` + ".metadata" (PEP 658): the SHA-256, "" if unknown
    provenance: str | None = None  # URL of its attestations (PEP 740)

    @property
    def is_wheel(self) -> bool:
        """Return whether it is a wheel, by its name."""
        return self.filename.endswith(".whl")


@dataclass(frozen=True)
class Listing:
    """Everything that a page of a package index says of a project; ``revision`` changes with it."""

    files: tuple[ReleaseFile, ...]
    revision: str = ""
    status: str | None = None  # archived, deprecated or quarantined (PEP 792)
    why_status: str | None = None
    tracks: tuple[str, ...] = ()  # URLs of the same project on other indexes (PEP 708)
    alternate_locations: tuple[str, ...] = ()


@dataclass(frozen=True)
class Release:
    """One version of a project: its wheels and sdists."""

    version: Version
    files: tuple[ReleaseFile, ...]

    @property
    def yanked(self) -> bool:
        """Return whether all of its files were yanked (PEP 592)."""
        return all(file.yanked for file in self.files)

    @property
    def day(self) -> str | None:
        """Return the day of its first file (``2023-02-12``); None if the index does not tell."""
        return min((file.uploaded[:10] for file in self.files if file.uploaded), default=None)


@dataclass(frozen=True)
class Project:
    """All releases of a project, the newest first; none if no index knows the name."""

    name: str  # normalized
    releases: tuple[Release, ...] = ()


@dataclass(frozen=True)
class OtherReleases:
    """What a project offers an interpreter beside the release ``asked`` (None: any), which cannot be built for it."""

    name: str  # normalized
    python: str  # of the interpreter: 3.13
    asked: Version | None
    usable: tuple[Version, ...] = ()  # releases with a wheel for the interpreter, the newest first
    newest: Version | None = None  # of all releases
    pythons: tuple[tuple[int, int], ...] = ()  # that ``asked`` has wheels for on this platform, sorted
    foreign: bool = False  # ``asked`` has wheels, all of them for other platforms

    @property
    def nearest(self) -> Version | None:
        """Return the usable release nearest to the one asked for: the first newer one, else the last older one."""
        if self.asked is None:
            return next(iter(self.usable), None)
        newer = [version for version in self.usable if version > self.asked]
        return newer[-1] if newer else next((version for version in self.usable if version < self.asked), None)


class Succession(str, Enum):
    """The reason why another project is to be installed instead."""

    RENAMED = "renamed"
    FORK = "fork"  # taken over by others
    PLACEHOLDER = "placeholder"  # never had the code that its name promises


@dataclass(frozen=True)
class Successor:
    """What took the place of a project: another ``project``, or a ``module`` of Python itself, ``since`` a version."""

    name: str  # normalized, of the project that is not to be installed
    project: str | None = None
    why: Succession = Succession.RENAMED
    module: str | None = None
    since: str = "3.0"

    def applies_to(self, python: str) -> bool:
        """Return whether it takes the place for a Python version (``3.13``)."""
        return self.module is None or _numbers(python) >= _numbers(self.since)


@dataclass(frozen=True)
class Alternative:
    """What could be installed instead of a release of ``package`` that cannot be built."""

    package: str
    version: str | None
    successor: Successor | None = None
    releases: OtherReleases | None = None


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))
