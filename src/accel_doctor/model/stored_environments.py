"""Cached environments: their contents, and the interpreters they fit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from accel_doctor.model.wheels import Link


class StoredFile(NamedTuple):
    """One regular file of a stored environment."""

    piece: str  # SHA-256 of its content in hex, with an "x" behind it where the file is executable
    size: int  # bytes
    pack: int  # index of the pack that contains it
    name: str  # without its directory


class Pack(NamedTuple):
    """The files of one installed distribution, or the unowned files, as one compressed object."""

    name: str  # normalized; "" for files that no distribution owns
    version: str
    digest: str  # SHA-256 of the list of its pieces


class StoredEnvironment(NamedTuple):
    """A stored environment. Paths are relative to its root, "" is the root itself."""

    key: str
    stored_at: str  # UTC, ISO 8601
    facts: Mapping[str, Any]  # the inputs of the key
    directories: Mapping[str, Sequence[StoredFile]]
    symlinks: Mapping[str, str]
    relocated: frozenset[str]  # files that name the root or the interpreter, kept in a form that names neither
    packs: tuple[Pack, ...]
    links: tuple[Link, ...] = ()  # links of its extension modules to system libraries


class Place(NamedTuple):
    """The place to restore an environment to, and the interpreter to restore it for."""

    root: str
    home: str  # directory of the interpreter
    executable: str  # the interpreter itself
    version: str  # 3.13.5


class BaseInterpreter(NamedTuple):
    """The interpreter behind an environment, and the facts that decide which environments fit it."""

    executable: str
    version: str  # 3.13.5
    machine: Mapping[str, Any]  # implementation, ABI, platform, C library, distribution
