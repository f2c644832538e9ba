"""Offer the wheels that accel-doctor built, beside the files of an index: for the distribution that asks, and for
everybody.

A wheel is offered only where the page lists the sdist that it was built from, by its SHA-256. It
claims no name, and all other files stay visible. Wheels that are somebody's own are left out: built with settings, from
a repository, or without an extension module that this machine could not compile.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
from collections import OrderedDict, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from accel_doctor.index.serving.index_source import (
    Absent,
    ArrivingFile,
    FileRequest,
    Source,
    StoredFile,
    Unavailable,
)
from accel_doctor.model.releases import Listing, ReleaseFile
from accel_doctor.model.wheels import Entry
from accel_doctor.store.wheels.build_key import usual_pure_key
from accel_doctor.store.wheels.wheel_store import DamagedEntryError, LocalWheelStore

_LOOK_AGAIN = 2.0  # seconds
_MOST_LISTINGS = 256
_PORTABLE = re.compile(r"-(any|(manylinux|musllinux|macosx)[A-Za-z0-9_.]*)\.whl$")
_SOURCE = "sha256:"
_PLATFORM = re.compile(r"[a-z][a-z0-9._]{0,30}(-[a-z0-9._]{1,20}){0,3}")


def platform_of(distribution: str) -> str:
    """Return the name of a build platform in URLs: ``debian-13`` for ``debian 13``."""
    return distribution.replace(" ", "-").lower()


def is_platform(text: str) -> bool:
    """Return whether a text can be the name of a build platform."""
    return _PLATFORM.fullmatch(text) is not None


@dataclass(frozen=True)
class _Stock:
    """Hold the wheels of a store that may be offered: by name and build platform (None: all), and by SHA-256."""

    entries: Mapping[str, Entry]
    offered: Mapping[tuple[str, str | None], Sequence[Entry]]
    by_hash: Mapping[str, str]  # SHA-256 -> key


class BuiltWheels:
    """Offer the wheels in a wheel store. The store is looked at again when it was not for a while."""

    def __init__(self, store: LocalWheelStore, clock: Callable[[], float]) -> None:
        self._store = store
        self._clock = clock
        self._looked = 0.0
        self._looking: asyncio.Task[_Stock] | None = None
        self._stock = _Stock({}, {}, {})
        self._verified: dict[str, Path] = {}
        self._listings: OrderedDict[tuple[str, str | None], Listing] = OrderedDict()

    async def names(self) -> frozenset[str]:
        """Return the projects of which there are wheels."""
        return frozenset(name for name, _ in (await self._current()).offered)

    async def beside(self, name: str, platform: str | None, listing: Listing) -> Listing:
        """Return a project's listing with the wheels that were built from its sdists, for a platform and for all."""
        stock = await self._current()
        entries = [*stock.offered.get((name, None), ()), *(stock.offered.get((name, platform), ()) if platform else ())]
        if not entries:
            return listing
        text = " ".join([listing.revision, *(entry.sha256 for entry in entries)])
        revision = hashlib.sha256(text.encode()).hexdigest()
        known = self._listings.get((name, platform))
        if known is None or known.revision != revision:
            files = (*_files(entries, listing), *listing.files)
            known = self._listings[name, platform] = replace(listing, files=files, revision=revision)
            if len(self._listings) > _MOST_LISTINGS:
                self._listings.popitem(last=False)
        return known

    async def file(self, wanted: FileRequest) -> StoredFile | Absent | Unavailable:
        """Return a wheel by its SHA-256, once verified. Its former name stays good when a rebuilt one replaced it."""
        key = (await self._current()).by_hash.get(wanted.key)
        if key is None or wanted.metadata:
            return Absent()
        if wanted.key not in self._verified:
            found = await asyncio.to_thread(self._store.find, key)
            if found is None or found[0].sha256 != wanted.key:
                return Unavailable(f"{wanted.filename} is damaged in the wheel store")
            self._verified[wanted.key] = found[1]
        path = self._verified[wanted.key]
        with suppress(OSError):
            return StoredFile(wanted.key, path, path.stat().st_size)
        del self._verified[wanted.key]
        return Absent()

    async def _current(self) -> _Stock:
        if self._clock() - self._looked >= _LOOK_AGAIN:
            if self._looking is None:
                self._looking = asyncio.create_task(asyncio.to_thread(self._look))
            self._stock = await asyncio.shield(self._looking)
            self._looked, self._looking = self._clock(), None
        return self._stock

    def _look(self) -> _Stock:
        known, entries = self._stock.entries, {}
        with suppress(OSError):
            for key in self._store.names():
                with suppress(DamagedEntryError, OSError):
                    entries[key] = known.get(key) or self._store.entry(key)
        if entries == known:
            return self._stock
        offered = defaultdict(list)
        for entry in sorted(filter(_is_everybodys, entries.values()), key=lambda one: one.provenance.built_at):
            portable = _PORTABLE.search(entry.file)
            platform = None if portable else platform_of(entry.provenance.distribution)
            offered[entry.provenance.name, platform].append(entry)
        shown = (entry for listed in offered.values() for entry in listed)
        return _Stock(entries, offered, {entry.sha256: entry.key for entry in shown})


class WithBuilt(Source):
    """Serve an index with the wheels that were built for one platform, or with those alone that are good for all
    (None)."""

    def __init__(self, base: Source, wheels: BuiltWheels, platform: str | None = None) -> None:
        self._base = base
        self._wheels = wheels
        self._platform = platform

    async def names(self) -> frozenset[str]:
        return await self._base.names() | await self._wheels.names()

    async def project(self, name: str) -> Listing | Absent | Unavailable:
        answer = await self._base.project(name)
        return await self._wheels.beside(name, self._platform, answer) if isinstance(answer, Listing) else answer

    async def file(self, wanted: FileRequest) -> StoredFile | ArrivingFile | Absent | Unavailable:
        built = await self._wheels.file(wanted)
        return await self._base.file(wanted) if isinstance(built, Absent) else built


def _is_everybodys(entry: Entry) -> bool:
    made = entry.provenance
    if not made.source.startswith(_SOURCE) or made.lacks or made.settings:
        return False
    # What has no binaries may still be for one Python or machine alone: then it is not kept under the pure key.
    return not entry.file.endswith("-any.whl") or entry.key == usual_pure_key(made.source.removeprefix(_SOURCE))


def _files(entries: Sequence[Entry], listing: Listing) -> Iterator[ReleaseFile]:
    """Yield the newest wheel of each name whose sdist is listed; one that was built again has a build tag."""
    sdists = {file.sha256: file for file in listing.files if file.sha256 and not file.is_wheel}
    taken = {file.filename for file in listing.files}
    builds: dict[str, list[Entry]] = defaultdict(list)
    for entry in entries:
        if entry.provenance.source.removeprefix(_SOURCE) in sdists and entry.file not in taken:
            builds[entry.file].append(entry)
    for filename, made in builds.items():
        newest = made[-1]
        sdist = sdists[newest.provenance.source.removeprefix(_SOURCE)]
        shown = filename if len(made) == 1 else _tagged(filename, len(made))
        yield replace(
            sdist, filename=shown, url="", sha256=newest.sha256, size=newest.size, metadata=None, provenance=None
        )


def _tagged(filename: str, number: int) -> str:
    """Return the name of a wheel with a build tag, which installers prefer to one without (PEP 427)."""
    name, version, *rest = filename.split("-")
    return filename if len(rest) == 4 else "-".join([name, version, str(number), *rest])
