"""Give an upstream a memory: what was seen once is served without it, for ever if need be.

A page that is out of date is asked for again, with its ETag. While the upstream is down, hangs, or suddenly knows
nothing, the former page is served. However many clients ask, the upstream is asked once.
"""

from __future__ import annotations

import asyncio
import hashlib
import sqlite3
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, replace

from accel_doctor.http import Page
from accel_doctor.index.pages import read_listing
from accel_doctor.index.rendering import clean
from accel_doctor.index.serving.background_threads import BackgroundThreads
from accel_doctor.index.serving.cached_files import CachedFiles
from accel_doctor.index.serving.index_source import (
    Absent,
    ArrivingFile,
    FileRequest,
    Source,
    StoredFile,
    Unavailable,
)
from accel_doctor.index.serving.records import KeptPage, Records
from accel_doctor.index.serving.upstream import NotModified, Upstream
from accel_doctor.model.releases import Listing


@dataclass(frozen=True)
class Freshness:
    """Set how long answers of an upstream hold, in seconds."""

    page: float = 600  # at most; less if the upstream promises less
    absent: float = 2  # so short that a project published there is soon here
    trouble: float = 5  # before an upstream that failed is asked again for what is known
    patience: float = 3  # before a client with a known page does not wait any longer
    deadline: float = 60  # for a page, which an upstream could otherwise send byte by byte
    grace: float = 3 * 86400  # in which a known project that is suddenly not found stays


@dataclass
class _Known:
    answer: Listing | Absent | Unavailable
    fresh_until: float = 0.0
    holds: float = 0.0  # seconds, after each time that the upstream confirms it
    etag: str | None = None
    missing_since: float | None = None

    @property
    def weight(self) -> int:
        return 1 + len(self.answer.files) if isinstance(self.answer, Listing) else 1


class CachedSource(Source):
    """Serve one upstream, and what is kept of it. With ``offline``, the upstream is never asked."""

    most_files = 200_000  # in listings in memory

    def __init__(
        self,
        upstream: Upstream,
        records: Records,
        files: CachedFiles,
        clock: Callable[[], float],
        freshness: Freshness = Freshness(),
        *,
        offline: bool = False,
    ) -> None:
        self._upstream = upstream
        self._records = records
        self._files = files
        self._clock = clock
        self._freshness = freshness
        self._offline = offline
        self._known: OrderedDict[str, _Known] = OrderedDict()
        self._weight = 0
        self._asking: dict[str, asyncio.Task[Listing | Absent | Unavailable]] = {}
        self._down_until = 0.0
        self._threads = BackgroundThreads(64)

    async def names(self) -> frozenset[str]:
        return await self._threads.run(lambda: self._records.names(self._upstream.name))

    async def project(self, name: str) -> Listing | Absent | Unavailable:
        known = self._remember(name) or await self._recalled(name)
        if self._offline or self._clock() < known.fresh_until:
            return known.answer
        is_known = isinstance(known.answer, Listing)
        if is_known and self._clock() < self._down_until:
            return known.answer
        if name not in self._asking:
            self._asking[name] = asyncio.create_task(self._ask(name, known))
        asking = self._asking[name]
        done, _ = await asyncio.wait({asking}, timeout=self._freshness.patience if is_known else None)
        if done:
            return asking.result()
        self._down_until = self._clock() + self._freshness.trouble
        return known.answer

    async def file(self, wanted: FileRequest) -> StoredFile | ArrivingFile | Absent | Unavailable:
        if not wanted.metadata and (stored := self._files.kept(wanted.key)):
            return stored
        known = self._remember(wanted.project) or await self._recalled(wanted.project)
        found = self._files.listed(known.answer, wanted)
        if found is None:
            answer = await self.project(wanted.project)
            if isinstance(answer, Unavailable):
                return answer
            found = self._files.listed(answer, wanted)
        if found is None:
            return Absent(f"{wanted.filename} is not among the files of {wanted.project}")
        return self._files.opened(found, wanted.metadata, self._upstream, self._threads, offline=self._offline)

    # --- pages

    async def _ask(self, name: str, known: _Known) -> Listing | Absent | Unavailable:
        try:
            now = await self._asked(name, known)
            self._store(name, now)
            return now.answer
        except (OSError, sqlite3.Error) as error:  # a full disk: what was fetched is lost
            return known.answer if isinstance(known.answer, Listing) else Unavailable(f"cannot keep {name}: {error}")
        finally:
            del self._asking[name]

    async def _asked(self, name: str, known: _Known) -> _Known:
        asking = self._threads.run(lambda: self._upstream.page(name, known.etag))
        try:
            found = await asyncio.wait_for(asking, self._freshness.deadline)
        except asyncio.TimeoutError:
            found = Unavailable(f"{self._upstream.name}: no page within {self._freshness.deadline:g} s")
        now = self._clock()
        match found:
            case Page():
                try:
                    return await self._threads.run(lambda: self._kept(name, found, now))
                except ValueError as error:
                    return self._troubled(known, Unavailable(f"{self._upstream.name}: {error}"), now)
            case NotModified():
                if known.missing_since is not None:
                    await self._threads.run(lambda: self._records.mark_missing(self._upstream.name, name, None))
                return replace(known, fresh_until=now + known.holds, missing_since=None)
            case Absent():
                return await self._threads.run(lambda: self._missing(name, known, found, now))
            case Unavailable():
                return self._troubled(known, found, now)

    def _kept(self, name: str, page: Page, now: float) -> _Known:
        """Keep a page, and return the listing on it. Raises ValueError if it is none."""
        listing = _listing(name, page.content, page.content_type, page.url)
        kept = KeptPage(page.url, page.content_type, page.content, page.etag)
        self._records.keep_page(self._upstream.name, name, kept)
        holds = self._freshness.page if page.max_age is None else min(self._freshness.page, page.max_age)
        return _Known(listing, now + holds, holds, page.etag)

    def _troubled(self, known: _Known, trouble: Unavailable, now: float) -> _Known:
        """Go on with the former listing, if there is one, and let the upstream rest."""
        self._down_until = now + self._freshness.trouble
        return known if isinstance(known.answer, Listing) else _Known(trouble)

    def _missing(self, name: str, known: _Known, found: Absent, now: float) -> _Known:
        """Believe that a project is gone only once an upstream has said so for a while."""
        source, freshness = self._upstream.name, self._freshness
        if not isinstance(known.answer, Listing):
            return _Known(found, now + freshness.absent)
        since = now if known.missing_since is None else known.missing_since
        if now - since < freshness.grace:
            if known.missing_since is None:
                self._records.mark_missing(source, name, since)
            return replace(known, fresh_until=now + freshness.trouble, missing_since=since)
        self._records.forget_page(source, name)
        return _Known(found, now + freshness.absent)

    async def _recalled(self, name: str) -> _Known:
        """Return what is on the disk, out of date."""
        known = await self._threads.run(lambda: self._on_disk(name))
        return self._remember(name) or self._store(name, known)

    def _on_disk(self, name: str) -> _Known:
        page = self._records.page(self._upstream.name, name)
        if page is None:
            return _Known(Absent("not kept here, and this server is offline" if self._offline else "not found"))
        listing = _listing(name, page.content, page.content_type, page.url)
        return _Known(listing, holds=self._freshness.absent, etag=page.etag, missing_since=page.missing_since)

    # --- memory

    def _remember(self, name: str) -> _Known | None:
        if name in self._known:
            self._known.move_to_end(name)
        return self._known.get(name)

    def _store(self, name: str, known: _Known) -> _Known:
        former = self._known.pop(name, None)
        self._known[name] = known
        self._weight += known.weight - (former.weight if former else 0)
        while self._weight > self.most_files and len(self._known) > 1:
            self._weight -= self._known.popitem(last=False)[1].weight
        return known


def _listing(name: str, content: bytes, content_type: str, url: str) -> Listing:
    listing = read_listing(content, content_type, url)
    revision = hashlib.sha256(b"\0".join((url.encode(), content_type.encode(), content))).hexdigest()
    return replace(listing, files=clean(name, listing.files), revision=revision)
