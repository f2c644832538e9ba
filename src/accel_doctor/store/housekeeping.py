"""What the cache directory holds, and how room is made in it: by age and size, never what is in use."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from accel_doctor.model import Damage, Holding, HoldingKind, LeftOut, Removal
from accel_doctor.store.leases import Leases
from accel_doctor.store.wheels.wheel_store import ENTRY, UNFINISHED, DamagedEntryError, LocalWheelStore

WHEELS, SOURCES, REMEMBERED, LOGS, LEASES = "wheels", "sources", "locks", "logs", "in-use.lock"
# Nothing asks for what is in them; later ones are left to later versions.
_OLDER_LAYOUTS = ("installations", "wheels/v1")


@dataclass(frozen=True)
class Limits:
    """What may stay: bytes of everything together, and seconds since the last use."""

    size: int | None = None
    age: float | None = None


@dataclass
class _Sweep:
    """A removal under way."""

    left: int
    removed: list[Holding] = field(default_factory=list)
    in_use: list[Holding] = field(default_factory=list)
    refused: list[LeftOut] = field(default_factory=list)

    def note(self, holding: Holding, gone: bool | OSError) -> None:
        """What became of one thing."""
        if isinstance(gone, OSError):
            self.refused.append(LeftOut(holding.label, gone.strerror or str(gone)))
        elif gone:
            self.removed.append(holding)
            self.left -= holding.size
        else:
            self.in_use.append(holding)

    def removal(self, dry_run: bool) -> Removal:
        """What it came to."""
        return Removal(tuple(self.removed), tuple(self.in_use), tuple(self.refused), self.left, dry_run)


class Housekeeping:
    """The cache directory as a whole: wheels, sources, remembered locks and logs.

    Its methods raise OSError where it cannot be read.
    """

    def __init__(self, cache: Path, store: LocalWheelStore, leases: Leases) -> None:
        self._cache = cache
        self._store = store
        self._leases = leases

    def holdings(self) -> list[Holding]:
        """Everything that is kept."""
        return [*self.wheels(), *self._sources(), *self._remembered(), *self._logs(), *self._leftovers()]

    def wheels(self) -> Iterator[Holding]:
        """The wheels, damaged ones under their key."""
        for name in self._store.names():
            try:
                label = self._store.entry(name).file
            except (DamagedEntryError, OSError):
                label = name
            place = self._store.place(name)
            yield Holding(HoldingKind.WHEEL, name, label, place, _size(place), _modified(place / ENTRY))

    def verify(self, fix: bool) -> tuple[int, list[Damage]]:
        """Read every wheel: how many are what was stored, and what is wrong with the others, removed with ``fix``."""
        good, damaged = 0, []
        for name in self._store.names():
            self._leases.hold(name)
            try:
                self._store.verified(name)
                good += 1
                continue
            except FileNotFoundError:
                continue  # removed meanwhile
            except (DamagedEntryError, OSError) as error:
                why = str(error)
            finally:
                self._leases.release(name)
            damaged.append(Damage(name, self._store.place(name), why, fix and self._store.remove(name)))
        return good, damaged

    def prune(self, limits: Limits, now: float, dry_run: bool = False) -> Removal:
        """Remove what nobody needs any more, what was not used for too long, then what was used longest ago, until
        the rest is small enough. ``now`` is the time of the clock; what was used later than that was used now."""
        everything = sorted(
            self.holdings(), key=lambda one: (one.kind is not HoldingKind.LEFTOVER, min(one.used, now), one.name)
        )
        sweep = _Sweep(sum(holding.size for holding in everything))
        for holding in everything:
            too_old = limits.age is not None and now - holding.used > limits.age
            too_much = limits.size is not None and sweep.left > limits.size
            if too_old or too_much or holding.kind is HoldingKind.LEFTOVER:
                sweep.note(holding, self._gone(holding, dry_run))
        return sweep.removal(dry_run)

    def remove(self, chosen: Iterable[Holding], dry_run: bool = False) -> Removal:
        """Remove these, but for what is in use."""
        sweep = _Sweep(sum(holding.size for holding in self.holdings()))
        for holding in chosen:
            sweep.note(holding, self._gone(holding, dry_run))
        return sweep.removal(dry_run)

    def _gone(self, holding: Holding, dry_run: bool) -> bool | OSError:
        """Whether it was, or would be, removed; the error where that is not possible."""
        try:
            if holding.kind is HoldingKind.WHEEL and not dry_run:
                return self._store.remove(holding.name)
            with self._leases.removing(holding.name) as free:
                if free and not dry_run:
                    _remove_directory(holding.path)
            return free
        except OSError as error:
            return error

    def _sources(self) -> Iterator[Holding]:
        for place in _directories(self._cache / SOURCES):
            files = [path for path in _inside(place) if path.is_file()]
            label = files[0].name if files else place.name
            yield Holding(HoldingKind.SOURCE, place.name, label, place, _size(place), _last_modified([place, *files]))

    def _remembered(self) -> Iterator[Holding]:
        for layout in _directories(self._cache / REMEMBERED):
            for place in _directories(layout):
                used = _last_modified([place, *_inside(place)])
                yield Holding(HoldingKind.LOCK, place.name, place.name, place, _size(place), used)

    def _logs(self) -> Iterator[Holding]:
        for run in _directories(self._cache / LOGS):
            yield Holding(HoldingKind.LOG, run.name, run.name, run, _size(run), _last_modified([run, *_inside(run)]))

    def _leftovers(self) -> Iterator[Holding]:
        older = [self._cache / layout for layout in _OLDER_LAYOUTS if (self._cache / layout).is_dir()]
        for place in [*older, *_directories(self._cache / WHEELS / UNFINISHED)]:
            label = str(place.relative_to(self._cache))
            yield Holding(HoldingKind.LEFTOVER, place.name, label, place, _size(place), _modified(place))


def _directories(directory: Path) -> list[Path]:
    try:
        return sorted(path for path in directory.iterdir() if path.is_dir() and not path.is_symlink())
    except (FileNotFoundError, NotADirectoryError):
        return []


def _inside(directory: Path) -> list[Path]:
    """What is in a directory; nothing, where it is another user's or was removed just now."""
    try:
        return sorted(directory.iterdir())
    except OSError:
        return []


def _size(directory: Path) -> int:
    """The bytes of all files under a directory; of what goes away meanwhile, nothing."""
    total = 0
    for where, _, files in os.walk(directory):  # does not follow symbolic links
        for name in files:
            try:
                total += (Path(where) / name).lstat().st_size
            except OSError:
                continue
    return total


def _modified(path: Path) -> float:
    try:
        return path.lstat().st_mtime
    except OSError:
        return 0.0


def _last_modified(paths: Iterable[Path]) -> float:
    return max(map(_modified, paths), default=0.0)


def _remove_directory(directory: Path) -> None:
    try:
        shutil.rmtree(directory)
    except FileNotFoundError:  # somebody else removes it too
        shutil.rmtree(directory, ignore_errors=True)
