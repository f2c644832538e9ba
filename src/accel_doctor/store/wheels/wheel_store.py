"""The local wheel store: ``<root>/v2/<first two of key>/<key>/`` holds one wheel and its ``entry.json``.

An entry appears in one rename and its bytes never change afterwards, so a reader sees a whole entry or none,
even if other processes write or were killed. A wheel is returned only if its bytes still match the recorded
hash. Its last use is the mtime of its ``entry.json``.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from dataclasses import replace
from pathlib import Path

from accel_doctor.hashing import sha256_of
from accel_doctor.model.builds import Wheel
from accel_doctor.model.wheels import BuildKey, Entry, Link, Provenance
from accel_doctor.store import publishing
from accel_doctor.store.documents import KEY, is_key
from accel_doctor.store.layout import CACHEDIR_TAG, MARKER, SHELF_NAME, UNFINISHED, directories
from accel_doctor.store.locks import Leases
from accel_doctor.store.wheels.wheel_entries import LIMIT, entry_from_json, entry_to_json
from accel_doctor.wheelfile import is_pure
from accel_doctor.whole_files import replacing

LAYOUT = "v2"
ENTRY = "entry.json"
IMPORTED = "imported"  # an empty file, once a wheel was imported after its build


class DamagedEntryError(Exception):
    """Raised for an entry that differs from what was stored; the message says how."""


class LocalWheelStore:
    """Implement :class:`accel_doctor.interfaces.WheelStore` in one directory.

    An unreadable entry counts as missing, and an unwritable one is not stored; each problem is reported once.
    """

    def __init__(
        self, root: Path, leases: Leases, warn: Callable[[str], None], stopped: Callable[[], bool] = lambda: False
    ) -> None:
        """Use ``stopped`` to learn whether the run was interrupted: then do not wait for other processes."""
        self.root = root
        self._leases = leases
        self._warn = warn
        self._stopped = stopped
        self._told_to_wait = False
        self._writable = True
        self._readable = True

    def get(self, key: BuildKey) -> Wheel | None:
        for name in dict.fromkeys((key.exact, key.pure)):
            if found := self.find(name):
                entry, wheel = found
                if name != key.exact and not entry.file.endswith("-none-any.whl"):
                    continue  # not by us: we never store binaries under a pure key
                return _wheel(entry, wheel)
        return None

    def put(
        self,
        key: BuildKey,
        wheel: Path,
        provenance: Provenance,
        links: Sequence[Link],
        instead_of: Wheel | None = None,
    ) -> Wheel:
        entry = entry_of(key, wheel, provenance, links)
        if instead_of:
            self.clear(key, instead_of)
        return self.add(entry, wheel)

    def clear(self, key: BuildKey, unfit: Wheel) -> None:
        """Remove the wheel that :meth:`get` returned, if it is still the stored one."""
        if (found := self.find(key.exact)) and found[0].sha256 == unfit.sha256:
            try:
                self._take_away(self.place(key.exact))
            except OSError as error:
                self._cannot_write(error)

    def confirm(self, wheel: Wheel, links: Sequence[Link]) -> None:
        if entry := self.entry_of_kept(wheel):
            place = self.place(entry.key)
            further = tuple(link for link in links if link not in entry.links)
            try:
                if further:
                    with replacing(place / ENTRY) as aside:
                        publishing.write(aside, entry_to_json(replace(entry, links=(*entry.links, *further))))
                (place / IMPORTED).touch()
            except OSError as error:
                self._cannot_write(error)

    def discard(self, wheel: Wheel) -> None:
        if entry := self.entry_of_kept(wheel):
            try:
                self._take_away(self.place(entry.key))
            except OSError as error:
                self._cannot_write(error)

    def entry_of_kept(self, wheel: Wheel) -> Entry | None:
        """Return the entry of a wheel if it is one of this store's."""
        name = wheel.path.parent.name
        if not is_key(name) or wheel.path.parent != self.place(name):
            return None
        with suppress(OSError, DamagedEntryError):
            entry = self.entry(name)
            return entry if entry.sha256 == wheel.sha256 else None
        return None

    def find(self, name: str) -> tuple[Entry, Path] | None:
        """Return the verified entry and wheel stored under one half of a key, leased to this process from now on."""
        place = self.place(name)
        try:
            if not place.exists():
                return None
            self._leases.hold(name)
            entry = self.verified(name)
        except FileNotFoundError:  # removed just now
            self._leases.release(name)
            return None
        except DamagedEntryError:
            self._leases.release(name)
            self._warn(f"ignoring a damaged wheel, which is built again: {place}")
            self._discard_damaged(name)
            return None
        except OSError as error:
            self._leases.release(name)
            self._cannot_read(error)
            return None
        with suppress(OSError):  # another user's, or a read-only one: only its owner's uses count
            os.utime(place / ENTRY)
        return entry, place / entry.file

    def verified(self, name: str) -> Entry:
        """Return the entry stored under ``name``, after verifying its wheel.

        Raises DamagedEntryError, FileNotFoundError if there is none, OSError if it cannot be read.
        """
        place = self.place(name)
        entry = self.entry(name)
        try:
            found = sha256_of(place / entry.file)
        except FileNotFoundError:
            raise DamagedEntryError(f"{entry.file} is missing") from None
        except IsADirectoryError:
            raise DamagedEntryError(f"{entry.file} is a directory") from None
        if found != entry.sha256:
            raise DamagedEntryError(f"{entry.file}: SHA-256 mismatch: expected {entry.sha256}, got {found}")
        return entry

    def entry(self, name: str) -> Entry:
        """Return the entry stored under ``name`` without verifying its wheel; raise like :meth:`verified`."""
        place = self.place(name)
        try:
            with (place / ENTRY).open("rb") as stream:
                entry = entry_from_json(stream.read(LIMIT + 1))
        except ValueError as error:
            raise DamagedEntryError(f"{ENTRY}: {error}") from error
        except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
            if place.exists():
                raise DamagedEntryError(f"{ENTRY} is missing") from None
            raise
        if entry.key != name:
            raise DamagedEntryError(f"{ENTRY} belongs to another key, {entry.key}")
        return entry

    def add(self, entry: Entry, wheel: Path) -> Wheel:
        """Store a copy of ``wheel``, which ``entry`` describes, and return the stored one; if it cannot be
        stored, the given one. If another process was first, return its wheel."""
        given = _wheel(entry, wheel)
        if not self._writable:
            return given
        content = entry_to_json(entry)
        try:
            entry_from_json(content)
        except ValueError as error:
            self._warn(f"not keeping {entry.file}: {error}")
            return given
        place = self.place(entry.key)
        try:
            self._prepare()
            self._leases.hold(entry.key)
            with self._scratch() as scratch:
                aside = scratch / entry.key
                aside.mkdir()
                publishing.copy(wheel, aside / entry.file)
                publishing.write(aside / ENTRY, content)
                publishing.synchronize(aside)
                publishing.publish(aside, place)
        except OSError as error:
            self._cannot_write(error)
            return given
        kept = self.find(entry.key)
        return _wheel(*kept) if kept else given

    @contextmanager
    def building(self, key: BuildKey) -> Iterator[None]:
        with ExitStack() as held:
            with suppress(OSError):  # without locks, two may build the same
                held.enter_context(self._leases.alone(f"build {key.exact}", self._waits))
            yield

    def remove(self, name: str) -> bool:
        """Remove the entry ``name``, intact or damaged; return False if a process uses it.

        Raises OSError if it cannot be removed, or if its use cannot be determined.
        """
        with self._leases.removing(name) as free:
            if free:
                self._take_away(self.place(name))
        return free

    def names(self) -> Iterator[str]:
        """Yield the key of every entry, including damaged ones, in order. Raises OSError."""
        return (place.name for place in directories(self.root / LAYOUT, SHELF_NAME, KEY))

    def place(self, name: str) -> Path:
        """Return the directory of an entry."""
        return Path(f"{self.root}/{LAYOUT}/{name[:2]}/{name}")  # in one step, because it is called often

    def _waits(self) -> bool:
        """Report, once, that another process builds the same wheel; return whether to keep waiting for it."""
        if not self._told_to_wait:
            self._told_to_wait = True
            self._warn("another accel-doctor is building the same wheel: waiting for it")
        return not self._stopped()

    def _prepare(self) -> None:
        for directory in (self.root / LAYOUT, self.root / UNFINISHED):
            directory.mkdir(parents=True, exist_ok=True)
        tag = self.root / CACHEDIR_TAG
        if not tag.exists():
            with self._scratch() as aside:
                publishing.write(aside / tag.name, MARKER)
                (aside / tag.name).replace(tag)

    def _scratch(self) -> AbstractContextManager[Path]:
        return publishing.scratch(self.root / UNFINISHED, self._leases)

    def _discard_damaged(self, name: str) -> None:
        try:
            with self._leases.removing(name) as free:
                # Another process may already have stored a good one.
                if free and self._is_damaged(name):
                    self._take_away(self.place(name))
        except OSError as error:
            self._cannot_write(error)

    def _is_damaged(self, name: str) -> bool:
        try:
            self.verified(name)
        except DamagedEntryError:
            return True
        except FileNotFoundError:
            return False
        return False

    def _take_away(self, place: Path) -> None:
        self._prepare()
        with self._scratch() as scratch, suppress(FileNotFoundError):  # another process was faster
            place.rename(scratch / place.name)

    def _cannot_write(self, error: OSError) -> None:
        if self._writable:
            self._writable = False
            self._warn(f"cannot write to the wheel store {self.root}, so this run keeps no wheels: {error}")

    def _cannot_read(self, error: OSError) -> None:
        if self._readable:
            self._readable = False
            self._warn(f"cannot read wheels in the wheel store {self.root}, so they are built again: {error}")


def entry_of(key: BuildKey, wheel: Path, provenance: Provenance, links: Sequence[Link]) -> Entry:
    """Return the entry that describes a wheel that was just built. Raises OSError."""
    return Entry(
        key=key.pure if is_pure(wheel) else key.exact,
        file=wheel.name,
        sha256=sha256_of(wheel),
        size=wheel.stat().st_size,
        provenance=provenance,
        links=tuple(links),
    )


def _wheel(entry: Entry, wheel: Path) -> Wheel:
    imported = (wheel.parent / IMPORTED).exists()
    made = entry.provenance
    return Wheel(wheel, entry.sha256, entry.links, made.build_requirements, made.lacks, imported)
