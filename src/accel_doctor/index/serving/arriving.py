"""Follow a file on its way from an upstream into the store, handed to whoever asks meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from accel_doctor.index.serving.index_source import (
    Absent,
    ArrivingFile,
    IncompleteError,
    StoredFile,
    Unavailable,
)

_BLOCK = 256 << 10  # bytes


class Arrival(ArrivingFile):
    """Follow a download, which another thread carries out: it calls :meth:`begun` and :meth:`told`."""

    def __init__(self, key: str, size: int | None) -> None:
        self.key = key
        self.size = size
        self._loop = asyncio.get_running_loop()
        self._change = asyncio.Event()
        self._done = 0
        self._path: Path | None = None
        self._end: asyncio.Future[StoredFile | Absent | Unavailable] = self._loop.create_future()

    # --- called by the thread

    def begun(self, path: Path) -> None:
        """Say where the file is being written."""
        self._path = path

    def told(self, done: int, total: int | None) -> None:
        """Say how many bytes are there, of how many."""
        self._loop.call_soon_threadsafe(self._advance, done, total)

    # --- called by the loop

    async def finish(self, download: Awaitable[StoredFile | Absent | Unavailable]) -> None:
        """Carry out the download, and tell everybody how it ended."""
        try:
            end = await download
        except BaseException as error:
            self._end.set_result(Unavailable(f"interrupted: {error!r}"))
            raise
        else:
            self._end.set_result(end)
        finally:
            self._wake()

    async def started(self) -> Absent | Unavailable | None:
        while not self._done and not self._end.done():
            await self._changed()
        if not self._end.done() or isinstance(end := self._end.result(), StoredFile):
            return None
        return end

    async def stored(self) -> StoredFile | Absent | Unavailable:
        return await asyncio.shield(self._end)

    async def blocks(self) -> AsyncIterator[bytes]:
        sent = 0
        with await self._opened() as file:
            while not self._end.done():
                # A retry begins anew, and what is not yet verified must not look whole: one byte is held back.
                while (ready := min(self._done - 1 - sent, _BLOCK)) > 0 and not self._end.done():
                    file.seek(sent)
                    block = file.read(ready)
                    sent += len(block)
                    yield block
                if not self._end.done():
                    await self._changed()
            end = self._end.result()
            if not isinstance(end, StoredFile):
                raise IncompleteError(end.reason)
            file.seek(sent)
            while block := file.read(_BLOCK):
                yield block

    async def _opened(self) -> BinaryIO:
        if self._path is not None and not self._end.done():
            with suppress(FileNotFoundError):  # published just now
                return self._path.open("rb")
        end = await self.stored()
        if isinstance(end, StoredFile):
            return end.path.open("rb")
        raise IncompleteError(end.reason)

    async def _changed(self) -> None:
        await self._change.wait()

    def _advance(self, done: int, total: int | None) -> None:
        self._done = done
        if self.size is None:
            self.size = total
        self._wake()

    def _wake(self) -> None:
        self._change.set()
        self._change = asyncio.Event()
