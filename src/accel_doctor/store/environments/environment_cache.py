"""The cache of environments.

``v1/pool`` holds every file once, ``v1/packs`` the pristine compressed copies, ``v1/entries`` one manifest per
environment. A manifest appears in one rename after everything it names is on disk, so an environment exists whole or
not at all. Its last use is the mtime of its manifest. Nothing is removed while a process stores or restores.

A key is the SHA-256 of the following facts, as JSON with sorted keys (``docs/reference/env.md``):

- the files that determine what is installed: the SHA-256 of each by its path relative to the configuration's directory;
- the interpreter: implementation, feature version, SOABI, cache tag, debug and free-threaded builds;
- the platform, and the C library with its version;
- the distribution and its release, whose libraries extension modules link to;
- settings that change what is installed: the arguments of ``install``, and the environment variables of builds.

It does not cover the path of the environment: one stored environment serves every path.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple

from accel_doctor.model.stored_environments import StoredEnvironment
from accel_doctor.store.documents import KEY, is_key
from accel_doctor.store.environments.manifest import manifest_from_json, manifest_to_json
from accel_doctor.store.environments.pool import Pool
from accel_doctor.store.layout import ASIDE_NAME, CACHEDIR_TAG, MARKER, SCRATCH_NAME, UNFINISHED
from accel_doctor.store.locks import Leases
from accel_doctor.store.publishing import synchronize, synchronize_all
from accel_doctor.whole_files import replacing

LAYOUT = "v1"
KEY_VERSION = 1
_OUR_FILE = re.compile(
    rf"{KEY.pattern}x?|{SCRATCH_NAME.pattern}|{ASIDE_NAME.pattern}"
)  # pieces, packs, unfinished ones
ALL = "environments"  # the one lease that every process that stores or restores holds


class Use(NamedTuple):
    """The size of a cache."""

    entries: int
    pieces: int
    pool_bytes: int
    packs: int
    pack_bytes: int


class EnvironmentCache:
    """Environments by key, in one directory."""

    def __init__(self, root: Path, warn: Callable[[str], None]) -> None:
        self.root = root / LAYOUT
        self.warn = warn
        self.pool = Pool(self.root / "pool", self.root / UNFINISHED)
        self.leases = Leases(self.root / "lock")

    def prepare(self) -> None:
        """Create the directories that storing needs. Raises OSError."""
        for name in ("entries", "packs"):
            (self.root / name).mkdir(parents=True, exist_ok=True)
        self.pool.prepare()
        tag = self.root / CACHEDIR_TAG
        if not tag.exists():
            tag.write_bytes(MARKER)

    def in_use(self) -> AbstractContextManager[None]:
        """Prevent removal of anything in the cache while the block runs."""
        return self.leases.using(ALL)

    def manifest_path(self, key: str) -> Path:
        """Return the path of an environment's manifest."""
        return self.root / "entries" / f"{key}.json"

    def pack_path(self, digest: str) -> Path:
        """Return the path of a pack."""
        return self.root / "packs" / digest

    @contextmanager
    def aside(self) -> Iterator[Path]:
        """Yield a path for a temporary file; remove what is left of it at the end of the block."""
        path = self.root / UNFINISHED / secrets.token_hex(16)
        try:
            yield path
        finally:
            with suppress(OSError):
                path.unlink()

    def find(self, key: str) -> StoredEnvironment | None:
        """Return the environment stored under a key; warn about an unreadable manifest, and remove it."""
        try:
            return self.read(key)
        except FileNotFoundError:
            return None
        except ValueError as error:
            self.warn(f"ignoring a damaged environment: {self.manifest_path(key)}: {error}")
            self.forget(key)
        except OSError as error:
            self.warn(f"cannot read a stored environment: {error}")
        return None

    def read(self, key: str) -> StoredEnvironment:
        """Read the manifest of an environment. Raises ValueError if it is damaged, OSError."""
        stored = manifest_from_json(self.manifest_path(key).read_bytes())
        if stored.key != key:
            raise ValueError(f"it belongs to another key, {stored.key}")
        return stored

    def used(self, key: str) -> None:
        """Record that an environment was used just now."""
        with suppress(OSError):  # another user's: only its owner's uses count
            os.utime(self.manifest_path(key))

    def forget(self, key: str) -> None:
        """Remove an environment's manifest; the next sweep removes the files that only it used."""
        with suppress(OSError):
            self.manifest_path(key).unlink()

    def publish(self, stored: StoredEnvironment) -> None:
        """Sync everything that an environment names to disk, then publish its manifest. Raises OSError."""
        with replacing(self.manifest_path(stored.key), self.root / UNFINISHED) as aside:
            aside.write_bytes(manifest_to_json(stored))
            synchronize_all(self.root)
        synchronize(self.root / "entries")

    def stored_keys(self) -> list[str]:
        """Return all keys, most recently used first."""
        times = []
        for path in (self.root / "entries").glob("*.json"):
            if is_key(path.stem):
                with suppress(FileNotFoundError):
                    times.append((path.stat().st_mtime_ns, path.stem))
        return [key for _, key in sorted(times, reverse=True)]

    def last_used(self, key: str) -> float:
        """Return the timestamp of an environment's last use; 0 if it is gone."""
        try:
            return self.manifest_path(key).stat().st_mtime
        except FileNotFoundError:
            return 0.0

    def use(self) -> Use:
        """Return the size of the cache."""
        pieces = [size for _, _, size in _files(self.pool.directory, 2)]
        packs = [size for _, _, size in _files(self.root / "packs", 1)]
        return Use(len(self.stored_keys()), len(pieces), sum(pieces), len(packs), sum(packs))

    def parts(self) -> Iterator[tuple[str, str, int]]:
        """Yield name, path and size in bytes of every piece, pack and unfinished file."""
        yield from _files(self.pool.directory, 2)
        yield from _files(self.root / "packs", 1)
        yield from _files(self.root / UNFINISHED, 1)


def _files(directory: Path | str, depth: int, before: str = "") -> Iterator[tuple[str, str, int]]:
    """Yield name, path and bytes of our files ``depth`` levels below a directory; names include the levels between.
    Never follows a symlink."""
    if os.path.islink(directory):
        return
    with suppress(FileNotFoundError, NotADirectoryError):
        for entry in os.scandir(directory):
            if depth > 1:
                yield from _files(entry.path, depth - 1, before + entry.name)
            elif _OUR_FILE.fullmatch(before + entry.name):
                yield before + entry.name, entry.path, entry.stat(follow_symlinks=False).st_size


def named_by(stored: StoredEnvironment) -> Iterator[str]:
    """Yield the names of the pieces and packs of an environment."""
    for files in stored.directories.values():
        yield from (file.piece for file in files)
    yield from (pack.digest for pack in stored.packs)


def environment_facts(
    files: Mapping[str, str],
    machine: Mapping[str, Any],
    arguments: Sequence[str] = (),
    variables: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """Return the facts that a key is computed from; ``files`` maps paths to SHA-256."""
    return {
        "key-version": KEY_VERSION,
        "files": dict(sorted(files.items())),
        "machine": dict(machine),
        "arguments": list(arguments),
        # Their values can hold secrets, and facts are shown and shared.
        "variables": {
            name: hashlib.sha256(value.encode("utf-8", "surrogateescape")).hexdigest()
            for name, value in (variables or {}).items()
        },
    }


def environment_key(facts: Mapping[str, Any]) -> str:
    """Return the key of an environment with these facts."""
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()


def likeness(one: Mapping[str, Any], other: Mapping[str, Any]) -> int:
    """Return how similar ``other`` is to ``one``: 0 if it cannot run here, else 1 plus the number of equal files."""
    if one.get("machine") != other.get("machine"):
        return 0
    mine: Mapping[str, str] = one.get("files", {})
    theirs: Mapping[str, str] = other.get("files", {})
    return 1 + sum(theirs.get(path) == digest for path, digest in mine.items())
