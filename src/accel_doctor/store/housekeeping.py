"""Measure the cache, and free space in it by age, size and number; never remove what is in use."""

from __future__ import annotations

import os
import shutil
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from accel_doctor.model.holdings import Damage, Holding, HoldingKind, LeftOut, Limits, Removal
from accel_doctor.store.locks import Leases


class Kind(ABC):
    """One kind of cache entry, in the directory ``root``: by default, directories that are leased under their names.
    Its methods raise OSError if an entry cannot be read or removed."""

    def __init__(self, root: Path, leases: Leases) -> None:
        self.root = root
        self.leases = leases

    @abstractmethod
    def holdings(self) -> Iterator[Holding]:
        """Yield all entries of this kind, and the leftovers in its directory."""

    def remove(self, holding: Holding, dry_run: bool) -> bool:
        """Remove an entry, or with ``dry_run`` only check; return False if a process uses it."""
        with self.leases.removing(holding.name) as free:
            if free and not dry_run:
                try:
                    shutil.rmtree(holding.path)
                except FileNotFoundError:  # another process removes it too
                    shutil.rmtree(holding.path, ignore_errors=True)
        return free

    def finish(self) -> None:  # noqa: B027  most kinds have nothing left to do
        """Clean up after removals."""

    def check(self, fix: bool) -> Iterator[Damage | HoldingKind]:
        """Verify each entry, unless every use verifies it anyway: yield its kind if it is intact, else
        its damage, removed with ``fix``."""
        return iter(())


@dataclass
class _Sweep:
    """A removal in progress."""

    left: int
    kept: Counter[HoldingKind]
    removed: list[Holding] = field(default_factory=list)
    in_use: list[Holding] = field(default_factory=list)
    refused: list[LeftOut] = field(default_factory=list)

    def note(self, holding: Holding, gone: bool | OSError) -> None:
        """Record the outcome for one entry."""
        if isinstance(gone, OSError):
            self.refused.append(LeftOut(holding.label, gone.strerror or str(gone)))
        elif gone:
            self.removed.append(holding)
            self.left -= holding.size
            self.kept[holding.kind] -= 1
        else:
            self.in_use.append(holding)

    def exceeds(self, limits: Limits, holding: Holding, now: float) -> bool:
        """Return whether an entry exceeds the limits: by its age, or by number or size together with the others."""
        return (
            (limits.age is not None and now - holding.used > limits.age)
            or (limits.size is not None and self.left > limits.size)
            or (limits.count is not None and self.kept[holding.kind] > limits.count)
        )


class Housekeeping:
    """All kinds of cache entries. Its methods raise OSError if the cache cannot be read."""

    def __init__(self, kinds: Sequence[Kind]) -> None:
        self._kinds = kinds

    def holdings(self, wanted: HoldingKind | None = None) -> list[Holding]:
        """Return all entries, or those of one kind."""
        every = (holding for kind in self._kinds for holding in kind.holdings())
        return [holding for holding in every if wanted in (None, holding.kind)]

    def verify(self, fix: bool) -> tuple[Counter[HoldingKind], list[Damage]]:
        """Verify all entries; return the number of intact ones by kind, and the damage."""
        good: Counter[HoldingKind] = Counter()
        damaged = []
        for kind in self._kinds:
            for damage in kind.check(fix):
                if isinstance(damage, Damage):
                    damaged.append(damage)
                else:
                    good[damage] += 1
        return good, damaged

    def prune(self, limits: Limits, now: float, dry_run: bool = False, keep: str | None = None) -> Removal:
        """Remove leftovers, then entries unused for too long, then the least recently used until the rest fits.

        ``now`` is the current time; a later last use counts as now. The entry named ``keep`` stays.
        """
        everything = sorted(
            self.holdings(), key=lambda one: (one.kind is not HoldingKind.LEFTOVER, min(one.used, now), one.name)
        )
        sweep = self._sweep(everything)
        for holding in everything:
            over = holding.name != keep and sweep.exceeds(limits, holding, now)
            if over or holding.kind is HoldingKind.LEFTOVER:
                sweep.note(holding, self._gone(holding, dry_run))
        return self._finished(sweep, dry_run)

    def remove(self, chosen: Iterable[Holding], dry_run: bool = False) -> Removal:
        """Remove these entries, except those in use."""
        sweep = self._sweep(self.holdings())
        for holding in chosen:
            sweep.note(holding, self._gone(holding, dry_run))
        return self._finished(sweep, dry_run)

    def _sweep(self, everything: Iterable[Holding]) -> _Sweep:
        everything = list(everything)
        return _Sweep(sum(one.size for one in everything), Counter(one.kind for one in everything))

    def _finished(self, sweep: _Sweep, dry_run: bool) -> Removal:
        if not dry_run:
            for kind in {id(kind): kind for kind in map(self._kind_of, sweep.removed)}.values():
                kind.finish()
        return Removal(tuple(sweep.removed), tuple(sweep.in_use), tuple(sweep.refused), sweep.left, dry_run)

    def _gone(self, holding: Holding, dry_run: bool) -> bool | OSError:
        """Return whether it was (or would be) removed, or the error that prevented it."""
        try:
            return self._kind_of(holding).remove(holding, dry_run)
        except OSError as error:
            return error

    def _kind_of(self, holding: Holding) -> Kind:
        return next(kind for kind in self._kinds if holding.path.is_relative_to(kind.root))


def leftover(place: Path, root: Path) -> Holding:
    """Return the holding of a directory that nothing uses any more, named by its path below ``root``."""
    label = str(place.relative_to(root))
    return Holding(HoldingKind.LEFTOVER, place.name, label, place, size_of(place), modified(place))


def size_of(directory: Path) -> int:
    """Return the total bytes of all files below a directory; files removed meanwhile count as 0."""
    total = 0
    for where, _, files in os.walk(directory):  # does not follow symbolic links
        for name in files:
            try:
                total += (Path(where) / name).lstat().st_size
            except OSError:
                continue
    return total


def modified(path: Path) -> float:
    """Return the mtime of a file as a timestamp; 0 if it is gone."""
    try:
        return path.lstat().st_mtime
    except OSError:
        return 0.0
