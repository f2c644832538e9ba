"""Keep files of upstreams for ever once they were verified; they are fetched once however many ask."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from accel_doctor.index.rendering import key_of, url_key
from accel_doctor.index.serving.arriving import Arrival
from accel_doctor.index.serving.background_threads import BackgroundThreads
from accel_doctor.index.serving.file_store import FileStore
from accel_doctor.index.serving.index_source import Absent, ArrivingFile, FileRequest, StoredFile, Unavailable
from accel_doctor.index.serving.upstream import Upstream
from accel_doctor.model.releases import Listing, ReleaseFile
from accel_doctor.urls import redacted

_FILE_LIMIT = 16 << 30  # bytes, where the page does not say the size
_METADATA_LIMIT = 16 << 20


class CachedFiles:
    """Keep the files of all upstreams of a server: at most ``limit`` bytes, and a twentieth more for a while."""

    def __init__(self, store: FileStore, limit: int | None = None) -> None:
        self._store = store
        self._limit = limit
        self._added = 0  # bytes, since files were last evicted
        self._arriving: dict[str, Arrival] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def kept(self, key: str) -> StoredFile | None:
        """Return a file that is on this machine."""
        return self._store.find(key)

    def listed(self, answer: Listing | Absent | Unavailable, wanted: FileRequest) -> ReleaseFile | None:
        """Return the file of a listing that is wanted."""
        files = answer.files if isinstance(answer, Listing) else ()
        return next((file for file in files if file.filename == wanted.filename and key_of(file) == wanted.key), None)

    def opened(
        self, file: ReleaseFile, metadata: bool, upstream: Upstream, threads: BackgroundThreads, *, offline: bool
    ) -> StoredFile | ArrivingFile | Absent | Unavailable:
        """Return a file of an upstream, or its METADATA: from this machine, else on its way."""
        if metadata and file.metadata is None:
            return Absent(f"no metadata beside {file.filename}")
        url = f"{file.url}.metadata" if metadata else file.url
        sha256 = (file.metadata or None) if metadata else file.sha256
        key = sha256 or url_key(url)
        if stored := self._store.find(key):
            return stored
        if offline:
            return Unavailable(f"{file.filename} is not kept here, and this server is offline")
        if sha256 is None and not upstream.has_host_of(url):
            return Unavailable(f"{file.filename}: without a hash, only files on the host of its index are fetched")
        if key not in self._arriving:
            limit = _METADATA_LIMIT if metadata else file.size or _FILE_LIMIT
            arrival = Arrival(key, None if metadata else file.size)
            self._arriving[key] = arrival
            task = asyncio.create_task(self._receive(arrival, upstream, url, sha256, limit, threads))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        return self._arriving[key]

    async def _receive(
        self, arrival: Arrival, upstream: Upstream, url: str, sha256: str | None, limit: int, threads: BackgroundThreads
    ) -> None:
        key, shown = sha256 or url_key(url), redacted(url)

        def download() -> StoredFile | Absent | Unavailable:
            try:
                with self._store.receiving(key) as target:
                    arrival.begun(target)
                    answer = upstream.download(url, target, limit, arrival.told)
                    if not isinstance(answer, str):
                        raise _RefusedError(answer)
                    if sha256 is not None and answer != sha256:
                        raise _RefusedError(Unavailable(f"{shown}: SHA-256 mismatch: expected {sha256}, got {answer}"))
            except _RefusedError as error:
                return error.answer
            except OSError as error:
                return Unavailable(f"cannot keep {shown}: {error}")
            return self._store.find(key) or Unavailable(f"{shown}: removed again")

        try:
            await arrival.finish(threads.run(download))
        finally:
            del self._arriving[key]
        if isinstance(stored := await arrival.stored(), StoredFile):
            await self._make_room(stored.size, threads)

    async def _make_room(self, added: int, threads: BackgroundThreads) -> None:
        limit = self._limit
        self._added += added
        if limit is not None and self._added > limit // 20:
            self._added = 0
            with suppress(OSError):
                await threads.run(lambda: self._store.evict(limit))


class _RefusedError(Exception):
    """Raised to leave the store as it was when an upstream has no file."""

    def __init__(self, answer: Absent | Unavailable) -> None:
        super().__init__(answer.reason)
        self.answer = answer
