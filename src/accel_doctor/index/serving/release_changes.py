"""Change releases of private packages: yank, delete, and back."""

from __future__ import annotations

from enum import Enum

from packaging.utils import canonicalize_version
from packaging.version import Version

from accel_doctor.index.serving.audit import Change, record_change
from accel_doctor.index.serving.records import Records


class Act(Enum):
    """Name a change; its value is its name."""

    YANK = "yank"
    UNYANK = "unyank"
    DELETE = "delete"
    RESTORE = "restore"


_CHANGES = {  # what is set, and where
    Act.YANK: ("yanked = :why", "deleted = 0 AND yanked IS NULL"),
    Act.UNYANK: ("yanked = NULL", "deleted = 0 AND yanked IS NOT NULL"),
    Act.DELETE: ("deleted = 1", "deleted = 0"),
    Act.RESTORE: ("deleted = 0", "deleted = 1"),
}
DONE = {Act.YANK: "yanked", Act.UNYANK: "unyanked", Act.DELETE: "deleted", Act.RESTORE: "restored"}


def change_release(records: Records, act: Act, project: str, version: Version, change: Change) -> tuple[str, ...]:
    """Carry out a change for all files of a release that it applies to; return their names. Files of deleted releases
    stay on the disk, so that they can be restored."""
    set_to, where = _CHANGES[act]
    with records.changing() as database:
        rows = database.execute(
            f"SELECT filename FROM uploads WHERE {where} AND project = ? AND version = ?",  # noqa: S608
            (project, canonicalize_version(version)),
        ).fetchall()
        for (filename,) in rows:
            values = {"why": change.why, "filename": filename}
            database.execute(f"UPDATE uploads SET {set_to} WHERE filename = :filename", values)  # noqa: S608
            record_change(database, Change(change.at, change.who, DONE[act], filename, change.why))
    return tuple(filename for (filename,) in rows)
