"""Record who changed what in an index, in the transaction that changes it."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from datetime import datetime, timezone

from accel_doctor.index.serving.records import Records


@dataclass(frozen=True)
class Change:
    """Describe one change: ``who`` is the identifier of a token, or the user of this machine who ran a command."""

    at: str  # ISO 8601
    who: str
    action: str
    what: str
    why: str = ""


def record_change(database: sqlite3.Connection, change: Change) -> None:
    """Add a change to the log."""
    row = (change.at, change.who, change.action, change.what, change.why)
    database.execute("INSERT INTO audit (at, who, action, what, why) VALUES (?, ?, ?, ?, ?)", row)


def changes(records: Records) -> tuple[Change, ...]:
    """Return all changes, the oldest first."""
    with records.reading() as database:
        rows = database.execute("SELECT at, who, action, what, why FROM audit ORDER BY rowid").fetchall()
    return tuple(Change(*row) for row in rows)


def moment(seconds: float) -> str:
    """Return a time as pages and the log have it (PEP 700)."""
    return datetime.fromtimestamp(seconds, timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
