"""Find installed files that somebody edited in another environment.

uv links files from its cache where the file system cannot clone them. So all environments share a file, and an edit in
place reaches those that are made later. Whoever edits a file leaves a later time at it than unpacking did: such files
are compared with the hashes in ``RECORD``.
"""

from __future__ import annotations

import base64
import csv
import hashlib
import os
import re
import stat
from collections.abc import Collection, Iterator
from contextlib import suppress
from pathlib import Path

_RECORD_LIMIT = 64 << 20  # bytes
_SLACK_NS = 10**9  # between the times of files that were unpacked together
_BLOCK = 1 << 20


def edited_elsewhere(site: Path, names: Collection[str]) -> tuple[str, ...]:
    """Return which of the distributions ``names`` (normalized), installed in ``site``, share files with other places
    that are not as their wheels had them; sorted."""
    found = (info for info in site.glob("*.dist-info") if _name(info) in names)
    return tuple(sorted(_name(info) for info in found if _is_edited(site, info)))


def _name(info: Path) -> str:
    return re.sub(r"[-_.]+", "-", info.name.partition("-")[0]).lower()


def _is_edited(site: Path, info: Path) -> bool:
    try:
        unpacked = min((info / name).stat().st_mtime_ns for name in ("WHEEL", "METADATA")) + _SLACK_NS
        return any(_differs(site / path, digest, unpacked) for path, digest in _recorded(info / "RECORD"))
    except (OSError, ValueError, csv.Error):
        return False  # not a wheel's


def _recorded(record: Path) -> Iterator[tuple[str, str]]:
    with record.open(encoding="utf-8", errors="surrogateescape", newline="") as stream:
        text = stream.read(_RECORD_LIMIT)
    for row in csv.reader(text.splitlines()):
        if len(row) > 1 and row[1].startswith("sha256="):
            yield row[0], row[1].removeprefix("sha256=").rstrip("=")


def _differs(path: Path, digest: str, unpacked: int) -> bool:
    with suppress(FileNotFoundError):
        found = os.lstat(path)
        shared = stat.S_ISREG(found.st_mode) and found.st_nlink > 1
        return shared and found.st_mtime_ns > unpacked and _digest(path) != digest
    return False


def _digest(path: Path) -> str:
    hashed = hashlib.sha256()
    with path.open("rb") as stream:
        while block := stream.read(_BLOCK):
            hashed.update(block)
    return base64.urlsafe_b64encode(hashed.digest()).decode().rstrip("=")
