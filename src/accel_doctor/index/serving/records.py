"""Keep what an index must not forget, in SQLite: pages of upstreams as they were sent, uploads, tokens, who did what.

Each page is written once for each change. Further tables go to :data:`_SCHEMA`, what reads and writes them to modules
of their own, through :meth:`Records.changing` and :meth:`Records.reading`.
"""

from __future__ import annotations

import sqlite3
import threading
import zlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from accel_doctor.errors import UsageError

# Each member brings the tables from one version (PRAGMA user_version) to the next.
_SCHEMA = (
    """
    CREATE TABLE pages (
        source TEXT NOT NULL,
        name TEXT NOT NULL,
        url TEXT NOT NULL,
        content_type TEXT NOT NULL,
        etag TEXT,
        missing_since REAL,
        content BLOB NOT NULL,
        PRIMARY KEY (source, name)
    )
    """,
    """
    CREATE TABLE uploads (
        project TEXT NOT NULL,
        filename TEXT PRIMARY KEY,
        version TEXT NOT NULL,
        sha256 TEXT NOT NULL,
        size INTEGER NOT NULL,
        requires_python TEXT,
        metadata TEXT,
        uploaded TEXT NOT NULL,
        yanked TEXT,
        deleted INTEGER NOT NULL DEFAULT 0
    )
    """,
    """
    CREATE TABLE tokens (
        identifier TEXT PRIMARY KEY,
        digest TEXT NOT NULL,
        label TEXT NOT NULL,
        projects TEXT NOT NULL,
        created REAL NOT NULL,
        expires REAL,
        publishes INTEGER NOT NULL
    )
    """,
    """
    CREATE TABLE audit (
        at TEXT NOT NULL,
        who TEXT NOT NULL,
        action TEXT NOT NULL,
        what TEXT NOT NULL,
        why TEXT NOT NULL
    )
    """,
)


@dataclass(frozen=True)
class KeptPage:
    """Hold a page of an upstream; ``missing_since`` is when the upstream began to answer that there is none."""

    url: str  # after redirects: links are relative to it
    content_type: str
    content: bytes
    etag: str | None = None
    missing_since: float | None = None


class Records:
    """Keep the database of an index; safe to use from several threads. Its methods raise sqlite3.Error."""

    def __init__(self, path: Path) -> None:
        """Open or create it. Raises UsageError if a newer version wrote it, or it is no database."""
        self._lock = threading.Lock()
        with ExitStack() as unless_open:
            try:
                self._database = sqlite3.connect(path, timeout=10, isolation_level=None, check_same_thread=False)
                unless_open.callback(self._database.close)
                self._database.execute("PRAGMA journal_mode = WAL")
                self._database.execute("PRAGMA synchronous = FULL")  # what was acknowledged survives a power cut
                self._bring_up_to_date(path)
            except sqlite3.Error as error:
                raise UsageError(f"cannot use {path}: {error}", hint="name another directory with --data") from error
            unless_open.pop_all()

    def close(self) -> None:
        """Close the database."""
        with self._lock:
            self._database.close()

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """Yield the connection, for this thread alone."""
        with self._lock:
            yield self._database

    @contextmanager
    def changing(self) -> Iterator[sqlite3.Connection]:
        """Yield the connection in a transaction, which is on the disk when the block ends, or not at all."""
        with self._lock:
            self._database.execute("BEGIN IMMEDIATE")
            try:
                yield self._database
            except BaseException:
                self._database.execute("ROLLBACK")
                raise
            self._database.execute("COMMIT")

    def page(self, source: str, name: str) -> KeptPage | None:
        """Return the page of a project from one source."""
        with self.reading() as database:
            row = database.execute(
                "SELECT url, content_type, content, etag, missing_since FROM pages WHERE source = ? AND name = ?",
                (source, name),
            ).fetchone()
        return KeptPage(row[0], row[1], zlib.decompress(row[2]), row[3], row[4]) if row else None

    def keep_page(self, source: str, name: str, page: KeptPage) -> None:
        """Keep a page instead of the former one."""
        content = zlib.compress(page.content)
        with self.changing() as database:
            database.execute(
                "INSERT OR REPLACE INTO pages (source, name, url, content_type, etag, missing_since, content)"
                " VALUES (?, ?, ?, ?, ?, ?, ?)",
                (source, name, page.url, page.content_type, page.etag, page.missing_since, content),
            )

    def mark_missing(self, source: str, name: str, since: float | None) -> None:
        """Record since when a source answers that it has no such project; None if it has it again."""
        with self.changing() as database:
            database.execute("UPDATE pages SET missing_since = ? WHERE source = ? AND name = ?", (since, source, name))

    def forget_page(self, source: str, name: str) -> None:
        """Forget the page of a project."""
        with self.changing() as database:
            database.execute("DELETE FROM pages WHERE source = ? AND name = ?", (source, name))

    def names(self, source: str) -> frozenset[str]:
        """Return the projects of which there are pages from a source."""
        with self.reading() as database:
            rows = database.execute("SELECT name FROM pages WHERE source = ?", (source,)).fetchall()
        return frozenset(name for (name,) in rows)

    def sources(self) -> tuple[str, ...]:
        """Return the sources of which there are pages, the oldest first."""
        with self.reading() as database:
            rows = database.execute("SELECT source FROM pages GROUP BY source ORDER BY min(rowid)").fetchall()
        return tuple(source for (source,) in rows)

    def _bring_up_to_date(self, path: Path) -> None:
        with self.changing() as database:
            (version,) = database.execute("PRAGMA user_version").fetchone()
            if version > len(_SCHEMA):
                raise UsageError(
                    f"cannot use {path}: a newer accel-doctor wrote it",
                    hint="upgrade accel-doctor, or name another directory with --data",
                )
            for statement in _SCHEMA[version:]:
                database.execute(statement)
            database.execute(f"PRAGMA user_version = {len(_SCHEMA)}")
