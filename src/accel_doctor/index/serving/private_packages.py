"""Private packages: what was uploaded to this index itself.

Files never change, and names of deleted ones are not given away: whoever locked one by its hash gets that or nothing. A
project stays known when all of its files are deleted, so that none of the same name takes its place from above.
"""

from __future__ import annotations

import asyncio
import hashlib
import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from packaging.utils import canonicalize_version

from accel_doctor.index.serving.audit import Change, moment, record_change
from accel_doctor.index.serving.file_store import FileStore
from accel_doctor.index.serving.index_source import Absent, FileRequest, Source, StoredFile
from accel_doctor.index.serving.records import Records
from accel_doctor.index.uploads import CheckedUpload
from accel_doctor.model.releases import Listing, ReleaseFile
from accel_doctor.store import publishing

_FRESH = 1.0  # seconds before commands that changed the records are noticed


@dataclass(frozen=True)
class Conflict:
    """Say why a file cannot be published beside what is there."""

    reason: str


class HostedSource(Source):
    """Serve the uploads of an index. Its listings are in memory; commands of other processes change them soon."""

    def __init__(self, records: Records, store: FileStore, clock: Callable[[], float]) -> None:
        self._records = records
        self._store = store
        self._clock = clock
        self._look_again = 0.0
        self._version = -1
        self._listings: Mapping[str, Listing] = {}

    async def names(self) -> frozenset[str]:
        return frozenset(await self._current())

    async def project(self, name: str) -> Listing | Absent:
        return (await self._current()).get(name, Absent())

    async def file(self, wanted: FileRequest) -> StoredFile | Absent:
        listing = (await self._current()).get(wanted.project)
        for file in listing.files if listing else ():
            if file.filename == wanted.filename and file.sha256 == wanted.key:
                key = file.metadata if wanted.metadata else file.sha256
                return self._store.find(key or "") or Absent(f"no metadata beside {file.filename}")
        return Absent()

    def publish(self, upload: CheckedUpload, path: Path, who: str) -> Conflict | None:
        """Keep a file, which is moved from ``path``, and list it; return why that cannot be.

        It is on the disk when this returns. A file that is there already is no conflict if it is the same. Raises
        OSError and sqlite3.Error.
        """
        is_wheel = upload.filename.endswith(".whl")
        metadata = hashlib.sha256(upload.metadata).hexdigest() if is_wheel else None
        if conflict := self._conflict(upload):
            return conflict
        if self._store.find(upload.sha256) is None:
            with self._store.receiving(upload.sha256) as target:
                path.replace(target)
        if metadata and self._store.find(metadata) is None:
            with self._store.receiving(metadata) as target:
                publishing.write(target, upload.metadata)
        with self._records.changing() as database:
            if conflict := _conflict_with(_kept(database, upload.filename), upload):
                return conflict
            if _kept(database, upload.filename) is None:
                self._insert(database, upload, metadata, who)
        self._reload()
        return None

    def _insert(self, database: sqlite3.Connection, upload: CheckedUpload, metadata: str | None, who: str) -> None:
        now = moment(self._clock())
        database.execute(
            "INSERT INTO uploads (project, filename, version, sha256, size, requires_python, metadata, uploaded)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (
                upload.project,
                upload.filename,
                canonicalize_version(upload.version),
                upload.sha256,
                upload.size,
                upload.requires_python,
                metadata,
                now,
            ),
        )
        record_change(database, Change(now, who, "uploaded", upload.filename, upload.sha256))

    def _conflict(self, upload: CheckedUpload) -> Conflict | None:
        with self._records.reading() as database:
            return _conflict_with(_kept(database, upload.filename), upload)

    async def _current(self) -> Mapping[str, Listing]:
        if self._clock() >= self._look_again:
            self._look_again = self._clock() + _FRESH
            await asyncio.to_thread(self._reload_if_changed)
        return self._listings

    def _reload_if_changed(self) -> None:
        with self._records.reading() as database:
            (version,) = database.execute("PRAGMA data_version").fetchone()  # grows when another process commits
        if version != self._version:
            self._version = version
            self._reload()

    def _reload(self) -> None:
        with self._records.reading() as database:
            rows = database.execute(
                "SELECT project, filename, sha256, size, requires_python, metadata, uploaded, yanked, deleted"
                " FROM uploads ORDER BY project, rowid"
            ).fetchall()
        files: dict[str, list[ReleaseFile]] = {}
        for project, filename, sha256, size, requires_python, metadata, uploaded, yanked, deleted in rows:
            kept = files.setdefault(project, [])
            if not deleted:
                yank = (yanked is not None, uploaded, yanked or "")
                kept.append(ReleaseFile(filename, "", sha256, requires_python, *yank, size=size, metadata=metadata))
        self._listings = {
            name: Listing(tuple(each), hashlib.sha256(repr(each).encode()).hexdigest()) for name, each in files.items()
        }


def _kept(database: sqlite3.Connection, filename: str) -> tuple[str, bool] | None:
    """Return the SHA-256 of a file of this name, and whether it was deleted."""
    row = database.execute("SELECT sha256, deleted FROM uploads WHERE filename = ?", (filename,)).fetchone()
    return (row[0], bool(row[1])) if row else None


def _conflict_with(kept: tuple[str, bool] | None, upload: CheckedUpload) -> Conflict | None:
    if kept is None or kept == (upload.sha256, False):
        return None
    if kept[1]:
        return Conflict(f"{upload.filename} already existed, and was deleted: publish another version")
    return Conflict(f"{upload.filename} already exists, with other content: publish another version")
