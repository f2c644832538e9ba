"""Cached environments: what was stored, of what it consists, and for whom it is right."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from accel_doctor.model.wheels import Link


class StoredFile(NamedTuple):
    """One regular file of a stored environment."""

    piece: str  # SHA-256 of its content in hex, with an "x" behind it where the file is executable
    size: int  # bytes
    pack: int  # which of the environment's packs has it
    name: str  # without its directory


class Pack(NamedTuple):
    """The files of one installed distribution, or those of none, as one compressed object."""

    name: str  # normalized; "" for what no distribution claims
    version: str
    digest: str  # SHA-256 of the list of its pieces


class StoredEnvironment(NamedTuple):
    """A stored environment. Paths are relative to its root, "" is the root itself."""

    key: str
    stored_at: str  # UTC, ISO 8601
    facts: Mapping[str, Any]  # what the key was made of
    directories: Mapping[str, Sequence[StoredFile]]
    symlinks: Mapping[str, str]
    relocated: frozenset[str]  # files that name the root or the interpreter, kept in a form that names neither
    packs: tuple[Pack, ...]
    links: tuple[Link, ...] = ()  # what its extension modules ask of this machine's libraries


class Place(NamedTuple):
    """The place to restore an environment to, and the interpreter to restore it for."""

    root: str
    home: str  # directory of the interpreter
    executable: str  # the interpreter itself
    version: str  # 3.13.5


class BaseInterpreter(NamedTuple):
    """The interpreter behind an environment, and what decides which environments fit it."""

    executable: str
    version: str  # 3.13.5
    machine: Mapping[str, Any]  # implementation, ABI, platform, C library, distribution
