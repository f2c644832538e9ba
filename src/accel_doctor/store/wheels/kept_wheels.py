"""Kept wheels as one kind of what the cache holds: measured, verified, removed."""

from __future__ import annotations

from collections.abc import Iterator

from accel_doctor.model import Damage, Holding, HoldingKind
from accel_doctor.store.housekeeping import Kind, leftover, modified, size_of
from accel_doctor.store.layout import UNFINISHED, directories
from accel_doctor.store.locks import Leases
from accel_doctor.store.wheels.wheel_store import ENTRY, DamagedEntryError, LocalWheelStore


class KeptWheels(Kind):
    """The wheels of a wheel store."""

    def __init__(self, store: LocalWheelStore, leases: Leases) -> None:
        super().__init__(store.root, leases)
        self._store = store

    def holdings(self) -> Iterator[Holding]:
        """Yield the wheels, damaged ones under their key, and the entries that were not finished."""
        for name in self._store.names():
            try:
                label = self._store.entry(name).file
            except (DamagedEntryError, OSError):
                label = name
            place = self._store.place(name)
            yield Holding(HoldingKind.WHEEL, name, label, place, size_of(place), modified(place / ENTRY))
        for place in directories(self.root / UNFINISHED):
            yield leftover(place, self.root.parent)

    def remove(self, holding: Holding, dry_run: bool) -> bool:
        """Remove an entry; return False where a process uses it. Raises OSError."""
        if dry_run or holding.kind is HoldingKind.LEFTOVER:
            return super().remove(holding, dry_run)
        return self._store.remove(holding.name)

    def check(self, fix: bool) -> Iterator[Damage | HoldingKind]:
        """Read every wheel, and compare it with what was stored."""
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
