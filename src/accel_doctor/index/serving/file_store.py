"""The files of an index by their keys: ``<root>/<first two digits>/<key>/content``, each published in one rename."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from accel_doctor.index.rendering import FILE_KEY
from accel_doctor.index.serving.index_source import StoredFile
from accel_doctor.store import publishing
from accel_doctor.store.layout import SCRATCH_NAME, UNFINISHED, directories
from accel_doctor.store.locks import Leases

CONTENT = "content"


class FileStore:
    """Files that never change; safe to use from several threads and processes."""

    def __init__(self, root: Path, leases: Leases) -> None:
        self.root = root
        self._leases = leases

    def find(self, key: str) -> StoredFile | None:
        """Return the file kept under a key; None for what is no key, too."""
        if not FILE_KEY.fullmatch(key):
            return None
        path = self._place(key) / CONTENT
        with suppress(OSError):
            return StoredFile(key, path, path.stat().st_size)
        return None

    @contextmanager
    def receiving(self, key: str) -> Iterator[Path]:
        """Yield the path to write a file to; it is published under ``key`` if the block succeeds.

        Raises OSError if it cannot be written.
        """
        unfinished = self.root / UNFINISHED
        unfinished.mkdir(parents=True, exist_ok=True)
        with publishing.scratch(unfinished, self._leases) as scratch:
            aside = scratch / key
            aside.mkdir()
            yield aside / CONTENT
            publishing.synchronize(aside)
            publishing.publish(aside, self._place(key))

    def remove(self, key: str) -> None:
        """Remove the file kept under a key, if there is one."""
        shutil.rmtree(self._place(key), ignore_errors=True)

    def tidy(self) -> None:
        """Remove what processes left behind that were killed while they wrote."""
        for place in directories(self.root / UNFINISHED, SCRATCH_NAME):
            with suppress(OSError), self._leases.removing(place.name) as free:
                if free:
                    shutil.rmtree(place, ignore_errors=True)

    def _place(self, key: str) -> Path:
        return self.root / key.removeprefix("at-")[:2] / key
