"""The kinds of cache entries: one row each, in display order."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

from accel_doctor.model.holdings import Damage, Holding, HoldingKind
from accel_doctor.store.documents import KEY
from accel_doctor.store.environments.environment_cache import EnvironmentCache
from accel_doctor.store.environments.kept_environments import KeptEnvironments
from accel_doctor.store.housekeeping import Kind, leftover, modified, size_of
from accel_doctor.store.layout import (
    CURES,
    ENVIRONMENTS,
    IMPORTS,
    LAYOUT_NAME,
    LOCKS,
    LOGS,
    OLDER,
    RUN_NAME,
    SCRATCH_NAME,
    SHELF_NAME,
    SOURCES,
    UNFINISHED,
    WHEELS,
    directories,
)
from accel_doctor.store.locks import Leases
from accel_doctor.store.wheels.wheel_store import ENTRY, DamagedEntryError, LocalWheelStore


def kinds_of(cache: Path, leases: Leases, warn: Callable[[str], None]) -> tuple[Kind, ...]:
    """Return the kinds of entries in the directory ``cache``; a new kind needs a row here and a HoldingKind member."""
    return (
        KeptWheels(LocalWheelStore(cache / WHEELS, leases, warn), leases),
        Directories(HoldingKind.SOURCE, cache / SOURCES, leases, KEY),
        Directories(HoldingKind.LOCK, cache / LOCKS, leases, LAYOUT_NAME, SHELF_NAME, KEY),
        Directories(HoldingKind.CURE, cache / CURES, leases, KEY),
        Directories(HoldingKind.IMPORT, cache / IMPORTS, leases, KEY),
        KeptEnvironments(EnvironmentCache(cache / ENVIRONMENTS, warn)),
        Directories(HoldingKind.LOG, cache / LOGS, leases, RUN_NAME),
        Leftovers(cache, leases),
    )


class Directories(Kind):
    """A kind whose entries are directories below its root, with these names: one pattern for each level."""

    def __init__(self, kind: HoldingKind, root: Path, leases: Leases, *names: re.Pattern[str]) -> None:
        super().__init__(root, leases)
        self._kind = kind
        self._names = names

    def holdings(self) -> Iterator[Holding]:
        """Yield each entry; a source is named after the archive in it."""
        for place in directories(self.root, *self._names):
            inside = _inside(place)
            archive = next((path.name for path in inside if self._kind is HoldingKind.SOURCE and path.is_file()), None)
            used = max(map(modified, [place, *inside]))
            yield Holding(self._kind, place.name, archive or place.name, place, size_of(place), used)


class KeptWheels(Kind):
    """The wheels of a wheel store."""

    def __init__(self, store: LocalWheelStore, leases: Leases) -> None:
        super().__init__(store.root, leases)
        self._store = store

    def holdings(self) -> Iterator[Holding]:
        """Yield the wheels (damaged ones under their key) and unfinished entries."""
        for name in self._store.names():
            try:
                label = self._store.entry(name).file
            except (DamagedEntryError, OSError):
                label = name
            place = self._store.place(name)
            yield Holding(HoldingKind.WHEEL, name, label, place, size_of(place), modified(place / ENTRY))
        for place in directories(self.root / UNFINISHED, SCRATCH_NAME):
            yield leftover(place, self.root.parent)

    def remove(self, holding: Holding, dry_run: bool) -> bool:
        """Remove an entry; return False if a process uses it. Raises OSError."""
        if dry_run or holding.kind is HoldingKind.LEFTOVER:
            return super().remove(holding, dry_run)
        return self._store.remove(holding.name)

    def check(self, fix: bool) -> Iterator[Damage | HoldingKind]:
        """Read and verify every wheel."""
        for name in self._store.names():
            with self.leases.using(name):
                try:
                    self._store.verified(name)
                    yield HoldingKind.WHEEL
                    continue
                except FileNotFoundError:
                    continue  # removed meanwhile
                except (DamagedEntryError, OSError) as error:
                    why = str(error)
            yield Damage(HoldingKind.WHEEL, name, self._store.place(name), why, fix and self._store.remove(name))


class Leftovers(Kind):
    """Directories of older versions in the cache; leftovers of a kind are among that kind's holdings."""

    def holdings(self) -> Iterator[Holding]:
        """Yield each directory of an older layout."""
        for place in (self.root / name for name in OLDER):
            if place.is_dir() and not place.is_symlink():
                yield leftover(place, self.root)


def _inside(directory: Path) -> list[Path]:
    """List a directory; return [] if it is another user's or was just removed."""
    try:
        return sorted(directory.iterdir())
    except OSError:
        return []
