"""Find the file indexes that tell about one release: its own, those of its relatives, those of its siblings."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from pathlib import Path

from accel_doctor.fileindex.index_file import SHIPPED, FileIndex, find_index
from accel_doctor.model.machine import Distribution

_SUFFIX = ".index"
_Order = tuple[bool, tuple[int, ...]]


class ReleaseIndexes:
    """The indexes for a distribution, opened on first use. Every member raises IndexFileError for a damaged file.

    ``relatives`` are the releases that it is made from or stands nearest to, nearest first: package names change
    between releases, and derivatives rename and rebuild, so their indexes only suggest.
    """

    def __init__(
        self, distribution: Distribution, relatives: Sequence[Distribution] = (), directories: Sequence[Path] = ()
    ) -> None:
        self._distribution = distribution
        self._relatives = relatives
        self._directories = tuple(directories)

    @cached_property
    def own(self) -> FileIndex | None:
        """Return the index of exactly this release; None if there is none."""
        return find_index(self._distribution, self._directories)

    @cached_property
    def nearest(self) -> FileIndex | None:
        """Return the index of the nearest relative that has one; None for a release with an index of its own."""
        if self.own:
            return None
        return next(filter(None, (find_index(relative, self._directories) for relative in self._relatives)), None)

    @cached_property
    def older(self) -> tuple[FileIndex, ...]:
        """Return the indexes of the older releases of the same distribution as :attr:`own` or :attr:`nearest`, the
        newest of them first."""
        return self._others(lambda one, known: one < known)[::-1]

    @cached_property
    def newer(self) -> tuple[FileIndex, ...]:
        """Return the indexes of its newer releases, the oldest of them first."""
        return self._others(lambda one, known: one > known)

    @cached_property
    def newest_shipped(self) -> FileIndex | None:
        """Return the newest of the shipped indexes, of whatever distribution: it knows names that most have."""
        newest = max(SHIPPED.glob(f"*{_SUFFIX}"), key=lambda path: _order(path.stem.partition("-")[2]), default=None)
        return FileIndex.open(newest) if newest else None

    def _others(self, fits: Callable[[_Order, _Order], bool]) -> tuple[FileIndex, ...]:
        known = self.own or self.nearest
        if known is None:
            return ()
        files = {_order(version): path for version, path in self._files(known.release.id)}
        place = _order(known.release.version)
        return tuple(FileIndex.open(files[order]) for order in sorted(files) if fits(order, place))

    def _files(self, identifier: str) -> Iterator[tuple[str, Path]]:
        for directory in (SHIPPED, *reversed(self._directories)):
            for path in directory.glob(f"*{_SUFFIX}"):
                version = path.name.removeprefix(f"{identifier}-").removesuffix(_SUFFIX)
                if path.name == f"{identifier}-{version}{_SUFFIX}":
                    yield version, path


def _order(version: str) -> _Order:
    """Return the place of a release among others: a rolling one, which has a name, is newer than all numbered ones."""
    return not version[:1].isdigit(), tuple(map(int, re.findall(r"\d+", version)))


NO_INDEXES = ReleaseIndexes(Distribution("unknown"))
