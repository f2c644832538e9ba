"""Stored environments as JSON. Pure.

Another machine or user may have written a manifest: nothing in it is used before it is validated. Files
and directories cannot escape the environment: names have no separator, every directory's parent is a directory of the
same manifest, and nothing lies below a symlink.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from accel_doctor.model.stored_environments import Pack, StoredEnvironment, StoredFile
from accel_doctor.model.wheels import Link
from accel_doctor.store.documents import KEY, items, read_document, table, text

SCHEMA = 1
LIMIT = 256 << 20  # bytes: about two million files
_MOST_LINKS = 5000
_MOST_FILES = 2_000_000

_ROW = re.compile(r"^([0-9a-f]{64}x?) ([0-9]{1,15}) ([0-9]{1,6}) ([^/\x00-\x1f\x7f]{1,255})\n", re.MULTILINE)
_NAME = re.compile(r"[^/\x00-\x1f\x7f]{1,255}")
_DOTS = (".", "..")


def manifest_to_json(stored: StoredEnvironment) -> bytes:
    """Return a manifest as JSON. Raise ValueError for names that it cannot hold (control characters)."""
    directories = {}
    for path, files in stored.directories.items():
        rows = [f"{file.piece} {file.size} {file.pack} {file.name}" for file in files]
        lines = "".join(f"{row}\n" for row in rows)
        if lines.count("\n") != len(rows) or len(_ROW.findall(lines)) != len(rows):
            raise ValueError(f"{path or '.'}: a file's name has control characters")
        directories[path] = rows
    fields = {
        "schema": SCHEMA,
        "key": stored.key,
        "stored_at": stored.stored_at,
        "facts": stored.facts,
        "packs": [[*pack] for pack in stored.packs],
        "links": [[link.soname, list(link.versions), link.package] for link in stored.links],
        "symlinks": stored.symlinks,
        "relocated": sorted(stored.relocated),
        "directories": directories,
    }
    return json.dumps(fields, separators=(",", ":")).encode() + b"\n"


def manifest_from_json(content: bytes) -> StoredEnvironment:
    """Parse the output of :func:`manifest_to_json`. Raise ValueError for anything else."""
    fields = read_document(content, SCHEMA, LIMIT)
    packs = tuple(_pack(pack) for pack in items(fields.get("packs"), "packs", _MOST_FILES))
    try:
        directories = _directories(table(fields.get("directories"), "directories"), len(packs))
        symlinks = _symlinks(table(fields.get("symlinks"), "symlinks"), directories)
    except TypeError as error:
        raise ValueError(f"unexpected type: {error}") from None
    relocated = [text(path, "relocated") for path in items(fields.get("relocated"), "relocated", _MOST_FILES)]
    return StoredEnvironment(
        key=text(fields.get("key"), "key", KEY),
        stored_at=text(fields.get("stored_at"), "stored_at"),
        facts=table(fields.get("facts"), "facts"),
        directories=directories,
        symlinks=symlinks,
        relocated=frozenset(relocated),
        packs=packs,
        links=tuple(_link(link) for link in items(fields.get("links"), "links", _MOST_FILES)[:_MOST_LINKS]),
    )


def _directories(paths: Mapping[str, Any], packs: int) -> dict[str, list[StoredFile]]:
    if "" not in paths:
        raise ValueError("directories: no root")
    directories: dict[str, list[StoredFile]] = {}
    new = StoredFile._make
    for path, rows in paths.items():
        if path:
            parent, _, name = path.rpartition("/")
            if parent not in directories or not _NAME.fullmatch(name) or name in _DOTS or path.startswith("/"):
                raise ValueError(f"directories: no parent of {path!r:.200}")
        lines = "\n".join(rows) + "\n" if rows else ""
        found = _ROW.findall(lines)
        # findall skips a line that does not match: then there are fewer matches than lines.
        if not len(found) == len(rows) == lines.count("\n") or len({row[3] for row in found}) != len(rows):
            raise ValueError(f"directories: malformed row or duplicate name in {path!r:.200}")
        files = [new((piece, int(size), int(pack), name)) for piece, size, pack, name in found]
        if any(file.pack >= packs or file.name in _DOTS for file in files):
            raise ValueError(f"directories: unknown pack or malformed name in {path!r:.200}")
        directories[path] = files
    for path in directories:
        parent, _, name = path.rpartition("/")
        if path and any(file.name == name for file in directories[parent]):
            raise ValueError(f"directories: {path!r:.200} is also a file")
    return directories


def _symlinks(targets: Mapping[str, Any], directories: Mapping[str, list[StoredFile]]) -> dict[str, str]:
    for path, target in targets.items():
        parent, _, name = path.rpartition("/")
        fits = parent in directories and path not in directories and name not in _DOTS and _NAME.fullmatch(name)
        if not fits or any(file.name == name for file in directories[parent]):
            raise ValueError(f"symlinks: {path!r:.200} is malformed, or also something else")
        if not text(target, "symlinks") or (not target.startswith("/") and _leaves(parent, target)):
            raise ValueError(f"symlinks: {path!r:.200} leads out of the environment")
    return dict(targets)


def _leaves(parent: str, target: str) -> bool:
    depth = parent.count("/") + 1 if parent else 0
    for part in target.split("/"):
        depth += {"..": -1, ".": 0, "": 0}.get(part, 1)
        if depth < 0:
            return True
    return False


def _pack(fields: object) -> Pack:
    if not isinstance(fields, list) or len(fields) != 3:
        raise ValueError("packs: expected name, version and digest")
    name, version, digest = fields
    return Pack(text(name, "packs"), text(version, "packs"), text(digest, "packs", KEY))


def _link(fields: object) -> Link:
    if not isinstance(fields, list) or len(fields) != 3 or not isinstance(fields[1], list):
        raise ValueError("links: expected soname, versions and package")
    soname, versions, package = fields
    named = tuple(text(version, "links") for version in versions)
    return Link(text(soname, "links"), named, None if package is None else text(package, "links"))
