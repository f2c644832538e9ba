"""Keep the files of an index by their keys: ``<root>/<first two digits>/<key>/content``, each published in one
rename."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from accel_doctor.index.rendering import FILE_KEY
from accel_doctor.index.serving.index_source import StoredFile
from accel_doctor.store import publishing
from accel_doctor.store.layout import SCRATCH_NAME, SHELF_NAME, UNFINISHED, directories
from accel_doctor.store.locks import Leases

CONTENT = "content"


class FileStore:
    """Keep files that never change; safe to use from several threads and processes."""

    def __init__(self, root: Path, leases: Leases) -> None:
        self.root = root
        self._leases = leases
        self._used: set[str] = set()  # since files were last evicted

    def find(self, key: str) -> StoredFile | None:
        """Return the file kept under a key; None for what is no key, too."""
        if not FILE_KEY.fullmatch(key):
            return None
        path = self._place(key) / CONTENT
        with suppress(OSError):
            stored = StoredFile(key, path, path.stat().st_size)
            if key not in self._used:
                os.utime(path)
                self._used.add(key)
            return stored
        return None

    @contextmanager
    def receiving(self, key: str) -> Iterator[Path]:
        """Yield the path to write a file to; it is published under ``key`` if the block succeeds.

        Raises OSError if it cannot be written.
        """
        with self.scratch() as scratch:
            aside = scratch / key
            aside.mkdir()
            yield aside / CONTENT
            publishing.synchronize(aside)
            publishing.publish(aside, self._place(key))

    @contextmanager
    def scratch(self) -> Iterator[Path]:
        """Yield a directory beside the files, which is gone when the block ends."""
        unfinished = self.root / UNFINISHED
        unfinished.mkdir(parents=True, exist_ok=True)
        with publishing.scratch(unfinished, self._leases) as scratch:
            yield scratch

    def evict(self, limit: int) -> None:
        """Remove the least recently used files until at most ``limit`` bytes are left. Raises OSError.

        Whoever is being sent one of them gets it whole: it is open.
        """
        self._used.clear()
        found = []
        for place in directories(self.root, SHELF_NAME, FILE_KEY):
            with suppress(FileNotFoundError):
                told = (place / CONTENT).stat()
                found.append((told.st_mtime, told.st_size, place))
        left = sum(size for _, size, _ in found)
        for _, size, place in sorted(found):
            if left <= limit:
                break
            shutil.rmtree(place, ignore_errors=True)
            left -= size

    def tidy(self) -> None:
        """Remove what processes left behind that were killed while they wrote."""
        for place in directories(self.root / UNFINISHED, SCRATCH_NAME):
            with suppress(OSError), self._leases.removing(place.name) as free:
                if free:
                    shutil.rmtree(place, ignore_errors=True)

    def _place(self, key: str) -> Path:
        return self.root / key.removeprefix("at-")[:2] / key
