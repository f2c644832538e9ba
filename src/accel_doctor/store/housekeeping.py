"""Measure the cache, and make room in it: by age, size and number, never removing what is in use."""

from __future__ import annotations

import os
import shutil
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from accel_doctor.model.holdings import Damage, Holding, HoldingKind, LeftOut, Limits, Removal
from accel_doctor.store.locks import Leases


class Kind:
    """One kind of what the cache holds, in the directory ``root``: directories in use under their names, as long as a
    kind says nothing else. Its methods raise OSError where it cannot be read or removed."""

    def __init__(self, root: Path, leases: Leases) -> None:
        self.root = root
        self.leases = leases

    def holdings(self) -> Iterator[Holding]:
        """Yield everything of this kind, and the leftovers in its directory."""
        raise NotImplementedError

    def remove(self, holding: Holding, dry_run: bool) -> bool:
        """Remove one of them, or with ``dry_run`` look only; return False where a process uses it."""
        with self.leases.removing(holding.name) as free:
            if free and not dry_run:
                try:
                    shutil.rmtree(holding.path)
                except FileNotFoundError:  # somebody else removes it too
                    shutil.rmtree(holding.path, ignore_errors=True)
        return free

    def finish(self) -> None:
        """Clean up after some were removed."""

    def check(self, fix: bool) -> Iterator[Damage | HoldingKind]:
        """Compare each with what was stored, unless that is done on every use: yield its kind where it is whole, else
        its damage, removed with ``fix``."""
        return iter(())


@dataclass
class _Sweep:
    """A removal under way."""

    left: int
    kept: Counter[HoldingKind]
    removed: list[Holding] = field(default_factory=list)
    in_use: list[Holding] = field(default_factory=list)
    refused: list[LeftOut] = field(default_factory=list)

    def note(self, holding: Holding, gone: bool | OSError) -> None:
        """Note what became of one thing."""
        if isinstance(gone, OSError):
            self.refused.append(LeftOut(holding.label, gone.strerror or str(gone)))
        elif gone:
            self.removed.append(holding)
            self.left -= holding.size
            self.kept[holding.kind] -= 1
        else:
            self.in_use.append(holding)

    def exceeds(self, limits: Limits, holding: Holding, now: float) -> bool:
        """Tell whether something is too old, or one too many, or too large with the others."""
        return (
            (limits.age is not None and now - holding.used > limits.age)
            or (limits.size is not None and self.left > limits.size)
            or (limits.count is not None and self.kept[holding.kind] > limits.count)
        )


class Housekeeping:
    """Everything that is kept, of all kinds. Its methods raise OSError where it cannot be read."""

    def __init__(self, kinds: Sequence[Kind]) -> None:
        self._kinds = kinds

    def holdings(self, wanted: HoldingKind | None = None) -> list[Holding]:
        """Return everything that is kept, or everything of one kind."""
        every = (holding for kind in self._kinds for holding in kind.holdings())
        return [holding for holding in every if wanted in (None, holding.kind)]

    def verify(self, fix: bool) -> tuple[Counter[HoldingKind], list[Damage]]:
        """Compare everything with what was stored: how many of each kind are whole, and what is damaged."""
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
        """Remove leftovers, then what was not used for too long, then what was used longest ago until the rest fits.

        ``now`` is the time of the clock; what was used later than that was used now. What is called ``keep`` stays.
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
        """Remove these, but for what is in use."""
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
        """Return whether it was, or would be, removed; the error where that is not possible."""
        try:
            return self._kind_of(holding).remove(holding, dry_run)
        except OSError as error:
            return error

    def _kind_of(self, holding: Holding) -> Kind:
        return next(kind for kind in self._kinds if holding.path.is_relative_to(kind.root))


def leftover(place: Path, root: Path) -> Holding:
    """Return a directory that nothing asks for any more, called by its path below ``root``."""
    label = str(place.relative_to(root))
    return Holding(HoldingKind.LEFTOVER, place.name, label, place, size_of(place), modified(place))


def size_of(directory: Path) -> int:
    """Return the bytes of all files under a directory; what goes away meanwhile has none."""
    total = 0
    for where, _, files in os.walk(directory):  # does not follow symbolic links
        for name in files:
            try:
                total += (Path(where) / name).lstat().st_size
            except OSError:
                continue
    return total


def modified(path: Path) -> float:
    """Return when a file was modified, as a timestamp; 0 where it is gone."""
    try:
        return path.lstat().st_mtime
    except OSError:
        return 0.0
