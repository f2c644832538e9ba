"""Define the one interface of whatever a package index serves: uploads, built wheels, upstreams, and layers of these.

Errors are values: :class:`Absent` is an answer (there is no such thing), :class:`Unavailable` is none (ask again).
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from accel_doctor.model.releases import Listing


@dataclass(frozen=True)
class Absent:
    """Say that there is no such project or file."""

    reason: str = "not found"


@dataclass(frozen=True)
class Unavailable:
    """Say that nobody knows now; ``reason`` is for people."""

    reason: str


@dataclass(frozen=True)
class FileRequest:
    """Name a file of a project, by the key that the page names it by; with ``metadata``, the METADATA of that wheel."""

    project: str  # normalized
    key: str
    filename: str
    metadata: bool = False


@dataclass(frozen=True)
class StoredFile:
    """Name a whole file on this machine."""

    key: str
    path: Path
    size: int


class ArrivingFile(Protocol):
    """Follow a file that is being stored, and can be handed on meanwhile."""

    key: str
    size: int | None

    async def started(self) -> Absent | Unavailable | None:
        """Wait until the first bytes are there; return why there are none."""
        ...

    def blocks(self) -> AsyncIterator[bytes]:
        """Yield its bytes as they arrive, the last ones only if the whole file is right.

        Raises IncompleteError if it is not, or does not arrive.
        """
        ...

    async def stored(self) -> StoredFile | Absent | Unavailable:
        """Wait until it is stored."""
        ...


class IncompleteError(Exception):
    """Raised when a file that was begun cannot be handed on to its end."""


class Source(Protocol):
    """Answer what an index serves. ``name`` is always normalized; files were cleaned (:func:`rendering.clean`)."""

    async def project(self, name: str) -> Listing | Absent | Unavailable:
        """Return the files of a project. Two listings of one revision are equal."""
        ...

    async def file(self, wanted: FileRequest) -> StoredFile | ArrivingFile | Absent | Unavailable:
        """Return a file that a listing of this source names, or named."""
        ...

    async def names(self) -> frozenset[str]:
        """Return the projects that are known here, without asking anybody."""
        ...
