"""An installation as it is kept, and its form on disk. Pure.

It was written by this user on this machine, so a form that does not fit is damage; nothing in it is used then. Files
cannot leave the environment: names have no separator, and directories are listed below their parents.
"""

from __future__ import annotations

import hashlib
import json

from accel_doctor.values import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

SCHEMA = 1
LIMIT = 64 << 20  # bytes: a million files
SHELF = 1024  # files to a directory, so many that names in it are still found and made quickly


def file_name(number: int) -> str:
    """Where a file is kept."""
    return f"{number // SHELF}/{number % SHELF}"


class Files:
    """The files of one directory, in one string that is taken apart only where they are needed."""

    __slots__ = ("_count", "_text")

    def __init__(self, count: int, text: str) -> None:
        """``text`` has name, size and nanoseconds of modification of each, with a slash between any two."""
        self._count = count
        self._text = text

    @classmethod
    def of(cls, rows: Sequence[tuple[str, int, int]]) -> Files:
        """From name, size and nanoseconds of modification of each."""
        return cls(len(rows), "/".join(f"{name}/{size}/{time}" for name, size, time in rows))

    def __len__(self) -> int:
        return self._count

    def __str__(self) -> str:
        return self._text

    def rows(self) -> list[tuple[str, int, int]]:
        """Name, size and nanoseconds of modification of each. ValueError where a name is none."""
        parts = self._text.split("/") if self._text else []
        names = parts[0::3]
        if not {"", ".", ".."}.isdisjoint(names) or "\0" in self._text or len(names) != self._count:
            raise ValueError("a name is none")
        return list(zip(names, map(int, parts[1::3]), map(int, parts[2::3]), strict=True))


class Conditions(NamedTuple):
    """What must still be so for an installation to be the right one."""

    contents: Mapping[str, str]  # SHA-256 by path of the files that say what is wanted
    kinds: Sequence[tuple[str, str, bool]]  # "file" or "directory", a path, the answer
    named: Mapping[str, str]  # digest of the variables that requirement files name
    unchanged: Mapping[str, Sequence[int] | None]  # size and nanoseconds of modification by path; None: is not there
    variables: Mapping[str, str]  # digest of the variables that change its build, by package


class KeptInstallation(NamedTuple):
    """What a frontend put into an environment that had nothing of it. Paths are relative to the environment."""

    packages: int
    built: int  # of them, how many from wheels that were built here
    quiet: bool  # whether nothing was to be said of it
    directories: Mapping[str, Files]  # parents first
    placed: frozenset[str]  # files that name their place, kept in a form that names none
    records: Mapping[str, Sequence[str]]  # RECORD files by path: the paths in them whose hash depends on the place
    conditions: Conditions
    touched: Sequence[str]  # files whose time says when the wheels were last used


def installation_to_bytes(kept: KeptInstallation) -> bytes:
    """The form on disk: the SHA-256 of the JSON in the second line, and that."""
    fields = {
        "schema": SCHEMA,
        "packages": kept.packages,
        "built": kept.built,
        "quiet": kept.quiet,
        "conditions": kept.conditions._asdict(),
        "touched": list(kept.touched),
        "placed": sorted(kept.placed),
        "records": {path: list(rows) for path, rows in kept.records.items()},
        "directories": {path: [len(files), str(files)] for path, files in kept.directories.items()},
    }
    content = json.dumps(fields, separators=(",", ":")).encode()
    return hashlib.sha256(content).hexdigest().encode() + b"\n" + content


def installation_from_bytes(content: bytes) -> KeptInstallation:
    """What :func:`installation_to_bytes` wrote; ValueError for anything else."""
    digest, _, text = content.partition(b"\n")
    if len(content) > LIMIT or hashlib.sha256(text).hexdigest().encode() != digest:
        raise ValueError("it is not what was written")
    try:
        return _kept(json.loads(text))
    except (KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError(f"it has not the form of schema {SCHEMA}: {error}") from None


def _kept(fields: Mapping[str, Any]) -> KeptInstallation:
    if fields["schema"] != SCHEMA:
        raise ValueError(f"it is not of schema {SCHEMA}")
    directories = fields["directories"]
    for path in directories:
        parent, _, name = path.rpartition("/")
        if path.startswith("/") or (parent and parent not in directories) or name in ("", ".", "..") or "\0" in name:
            raise ValueError(f"{path!r:.200} is not one directory below another")
    return KeptInstallation(
        packages=int(fields["packages"]),
        built=int(fields["built"]),
        quiet=bool(fields["quiet"]),
        directories={path: Files(count, text) for path, (count, text) in directories.items()},
        placed=frozenset(fields["placed"]),
        records=fields["records"],
        conditions=Conditions(**fields["conditions"]),
        touched=fields["touched"],
    )
