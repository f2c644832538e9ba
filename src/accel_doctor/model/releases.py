"""Releases of a project, as a package index lists them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from packaging.version import Version


@dataclass(frozen=True)
class ReleaseFile:
    """One file on an index page; ``url`` may also be an absolute path. What it says of itself is not verified."""

    filename: str
    url: str
    sha256: str | None = None
    requires_python: str | None = None
    yanked: bool = False

    @property
    def is_wheel(self) -> bool:
        """Return whether it is a wheel, by its name."""
        return self.filename.endswith(".whl")


@dataclass(frozen=True)
class Release:
    """One version of a project: its wheels and sdists."""

    version: Version
    files: tuple[ReleaseFile, ...]

    @property
    def yanked(self) -> bool:
        """Return whether all of its files were yanked (PEP 592)."""
        return all(file.yanked for file in self.files)


@dataclass(frozen=True)
class Project:
    """All releases of a project, the newest first; none if no index knows the name."""

    name: str  # normalized
    releases: tuple[Release, ...] = ()
