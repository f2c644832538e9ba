"""The cache of environments on this machine.

``v1/pool`` holds every file once, ``v1/packs`` the pristine compressed copies, ``v1/entries`` one manifest an
environment. A manifest appears in one rename after all it names is on the disk, so an environment is there whole or
not at all. When it was last used is the time of its manifest. Whoever stores or restores shares a lock; nothing is
removed without having it alone.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

from accel_doctor.model.stored_environments import StoredEnvironment
from accel_doctor.store.environments.manifest import is_key, manifest_from_json, manifest_to_json
from accel_doctor.store.environments.pool import Pool
from accel_doctor.store.locks import exclusive
from accel_doctor.values import NamedTuple

LAYOUT = "v1"
# https://bford.info/cachedir/
_CACHEDIR_TAG = "Signature: 8a477f597d28d172789f06886806bc55\n# Environments stored by accel-doctor; safe to delete.\n"


class Limits(NamedTuple):
    """How much is kept."""

    entries: int = 20
    size: int | None = None  # bytes, of pieces and packs


class Use(NamedTuple):
    """What a cache holds."""

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
        self.pool = Pool(self.root / "pool", self.root / "unfinished")
        self.lock = self.root / "lock"

    def prepare(self) -> None:
        """Make what storing needs. Raises OSError."""
        for name in ("entries", "packs"):
            (self.root / name).mkdir(parents=True, exist_ok=True)
        self.pool.prepare()
        tag = self.root / "CACHEDIR.TAG"
        if not tag.exists():
            tag.write_text(_CACHEDIR_TAG)

    def manifest_path(self, key: str) -> Path:
        """Where an environment's manifest is."""
        return self.root / "entries" / f"{key}.json"

    def pack_path(self, digest: str) -> Path:
        """Where a pack is."""
        return self.root / "packs" / digest

    def aside(self) -> Path:
        """A name for a file that is being written."""
        return self.root / "unfinished" / secrets.token_hex(16)

    def find(self, key: str) -> StoredEnvironment | None:
        """The environment stored under a key; a manifest that cannot be read is told, removed, and counts as none."""
        path = self.manifest_path(key)
        try:
            stored = manifest_from_json(path.read_bytes())
            if stored.key != key:
                raise ValueError("it is another environment's")
        except FileNotFoundError:
            return None
        except ValueError as error:
            self.warn(f"a stored environment is damaged and not used: {path}: {error}")
            self.forget(key)
            return None
        except OSError as error:
            self.warn(f"a stored environment cannot be read: {error}")
            return None
        return stored

    def used(self, key: str) -> None:
        """This environment was used just now."""
        with suppress(OSError):  # another user's: then its owner's uses count
            os.utime(self.manifest_path(key))

    def forget(self, key: str) -> None:
        """Remove an environment's manifest; what only it used goes with the next sweep."""
        with suppress(OSError):
            self.manifest_path(key).unlink()

    def publish(self, stored: StoredEnvironment) -> None:
        """Everything that it names is there and goes to the disk; then its manifest appears. Raises OSError."""
        aside = self.aside()
        try:
            aside.write_bytes(manifest_to_json(stored))
            sync(self.root)
            aside.rename(self.manifest_path(stored.key))
            sync_directory(self.root / "entries")
        finally:
            with suppress(FileNotFoundError):
                aside.unlink()

    def stored_keys(self) -> list[str]:
        """All keys, last used first."""
        times = []
        for path in (self.root / "entries").glob("*.json"):
            if is_key(path.stem):
                with suppress(FileNotFoundError):
                    times.append((path.stat().st_mtime_ns, path.stem))
        return [key for _, key in sorted(times, reverse=True)]

    def last_used(self, key: str) -> float:
        """When an environment was last used, as a timestamp; 0 where it is gone."""
        try:
            return self.manifest_path(key).stat().st_mtime
        except FileNotFoundError:
            return 0.0

    def erase(self, key: str | None = None) -> int:
        """Remove one environment, or all; how many there were. Waits for who stores or restores."""
        if not self.root.is_dir():
            return 0
        with exclusive(self.lock, wait=True):
            chosen = [each for each in self.stored_keys() if key is None or each == key]
            for each in chosen:
                self.manifest_path(each).unlink(missing_ok=True)
            self._sweep(self._kept(Limits(entries=1 << 30)))
        return len(chosen)

    def limit(self, limits: Limits) -> list[str]:
        """Remove what was used longest ago until the rest fits; the keys removed. Nothing where somebody else is at
        work: the next run does it. The one used last stays, however large it is."""
        keys = self.stored_keys()
        if len(keys) <= limits.entries and limits.size is None:
            return []
        with exclusive(self.lock, wait=False) as alone:
            if not alone:
                return []
            kept = self._kept(limits)
            removed = [key for key in self.stored_keys() if key not in kept]
            for key in removed:
                self.manifest_path(key).unlink(missing_ok=True)
            if removed:
                self._sweep(kept)
        return removed

    def use(self) -> Use:
        """How much is here."""
        pieces = [size for _, size in self._pieces()]
        packs = [path.stat().st_size for path in (self.root / "packs").glob("*")]
        return Use(len(self.stored_keys()), len(pieces), sum(pieces), len(packs), sum(packs))

    def _kept(self, limits: Limits) -> dict[str, StoredEnvironment]:
        kept: dict[str, StoredEnvironment] = {}
        pieces: dict[str, int] = {}
        for key in self.stored_keys()[: max(1, limits.entries)]:
            stored = self.find(key)
            if stored is None:
                continue
            pieces |= {file.piece: file.size for files in stored.directories.values() for file in files}
            pieces |= {pack.digest: self._size_of_pack(pack.digest) for pack in stored.packs}
            if kept and limits.size is not None and sum(pieces.values()) > limits.size:
                break
            kept[key] = stored
        return kept

    def _size_of_pack(self, digest: str) -> int:
        try:
            return self.pack_path(digest).stat().st_size
        except FileNotFoundError:
            return 0

    def _sweep(self, kept: dict[str, StoredEnvironment]) -> None:
        pieces = {file.piece for stored in kept.values() for files in stored.directories.values() for file in files}
        packs = {pack.digest for stored in kept.values() for pack in stored.packs}
        for piece, _ in list(self._pieces()):
            if piece not in pieces:
                with suppress(FileNotFoundError):
                    os.unlink(self.pool.path(piece))
        for path in [*(self.root / "packs").glob("*"), *(self.root / "unfinished").glob("*")]:
            if path.name not in packs:
                path.unlink(missing_ok=True)

    def _pieces(self) -> Iterator[tuple[str, int]]:
        with suppress(FileNotFoundError):
            for shelf in os.scandir(self.pool.directory):
                for entry in os.scandir(shelf.path):
                    yield shelf.name + entry.name, entry.stat(follow_symlinks=False).st_size


def sync(directory: Path) -> None:
    """What was written to the file system of ``directory`` is on the disk: one call (syncfs(2)) for any number of
    files, where syncing each takes as long as a write to the disk."""
    import ctypes

    syncfs = getattr(ctypes.CDLL(None, use_errno=True), "syncfs", None)
    if syncfs is None:
        os.sync()
        return
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        if syncfs(descriptor):
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number), str(directory))
    finally:
        os.close(descriptor)


def sync_directory(directory: Path) -> None:
    """The names in ``directory`` are on the disk."""
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
