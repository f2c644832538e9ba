"""Stored environments as JSON. Pure.

A manifest may have been written by another machine or by somebody else: nothing in it is used before it fits. Files
and directories cannot leave the environment: names have no separator, every directory's parent is a directory of the
same manifest, and nothing lies below a symlink.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from accel_doctor.model.stored_environments import Pack, StoredEnvironment, StoredFile

SCHEMA = 1
LIMIT = 256 << 20  # bytes: some two million files
_MOST_LINKS = 5000
_TEXT_LIMIT = 4096  # PATH_MAX

_KEY = re.compile(r"[0-9a-f]{64}")
_ROW = re.compile(r"^([0-9a-f]{64}x?) ([0-9]{1,15}) ([0-9]{1,6}) ([^/\x00-\x1f\x7f]{1,255})\n", re.MULTILINE)
_NAME = re.compile(r"[^/\x00-\x1f\x7f]{1,255}")
_DOTS = (".", "..")


def manifest_to_json(stored: StoredEnvironment) -> bytes:
    """A manifest. ValueError for names that none can hold (control characters)."""
    directories = {}
    for path, files in stored.directories.items():
        rows = [f"{file.piece} {file.size} {file.pack} {file.name}" for file in files]
        text = "".join(f"{row}\n" for row in rows)
        if text.count("\n") != len(rows) or len(_ROW.findall(text)) != len(rows):
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
    """What :func:`manifest_to_json` wrote; ValueError for anything else."""
    if len(content) > LIMIT:
        raise ValueError(f"a manifest of more than {LIMIT} bytes")
    try:
        return _stored(json.loads(content))
    except RecursionError:
        raise ValueError("nested too deep") from None
    except TypeError as error:
        raise ValueError(f"a value is of another kind: {error}") from None


def _stored(fields: object) -> StoredEnvironment:
    if not isinstance(fields, dict) or fields.get("schema") != SCHEMA:
        raise ValueError(f"not a manifest of schema {SCHEMA}")
    packs = tuple(_pack(pack) for pack in _list(fields, "packs"))
    directories = _directories(_table(fields, "directories"), len(packs))
    symlinks = _symlinks(_table(fields, "symlinks"), directories)
    return StoredEnvironment(
        key=_fitting(fields.get("key"), _KEY),
        stored_at=_text(fields.get("stored_at")),
        facts=_table(fields, "facts"),
        directories=directories,
        symlinks=symlinks,
        relocated=frozenset(_text(path) for path in _list(fields, "relocated")),
        packs=packs,
        links=tuple(_link(link) for link in _list(fields, "links")[:_MOST_LINKS]),
    )


def is_key(text: str) -> bool:
    """Whether ``text`` has the form of a key."""
    return _KEY.fullmatch(text) is not None


def _directories(table: Mapping[str, Any], packs: int) -> dict[str, list[StoredFile]]:
    if "" not in table:
        raise ValueError("directories: there is no root")
    directories: dict[str, list[StoredFile]] = {}
    new = StoredFile._make
    for path, rows in table.items():
        if path:
            parent, _, name = path.rpartition("/")
            if parent not in directories or not _NAME.fullmatch(name) or name in _DOTS or path.startswith("/"):
                raise ValueError(f"directories: {path!r:.200} is not one below another")
        text = "\n".join(rows) + "\n" if rows else ""
        found = _ROW.findall(text)
        # A line that does not fit is left out by findall: then there are fewer than lines.
        if not len(found) == len(rows) == text.count("\n") or len({row[3] for row in found}) != len(rows):
            raise ValueError(f"directories: {path!r:.200} has a row that is none, or a name twice")
        files = [new((piece, int(size), int(pack), name)) for piece, size, pack, name in found]
        if any(file.pack >= packs or file.name in _DOTS for file in files):
            raise ValueError(f"directories: {path!r:.200} has a file of an unknown pack, or a name that is none")
        directories[path] = files
    for path in directories:
        parent, _, name = path.rpartition("/")
        if path and any(file.name == name for file in directories[parent]):
            raise ValueError(f"directories: {path!r:.200} is a file too")
    return directories


def _symlinks(table: Mapping[str, Any], directories: Mapping[str, list[StoredFile]]) -> dict[str, str]:
    for path, target in table.items():
        parent, _, name = path.rpartition("/")
        fits = parent in directories and path not in directories and name not in _DOTS and _NAME.fullmatch(name)
        if not fits or any(file.name == name for file in directories[parent]):
            raise ValueError(f"symlinks: {path!r:.200} is not one, or something else too")
        if not _text(target) or (not target.startswith("/") and _leaves(parent, target)):
            raise ValueError(f"symlinks: {path!r:.200} leads out of the environment")
    return dict(table)


def _leaves(parent: str, target: str) -> bool:
    depth = parent.count("/") + 1 if parent else 0
    for part in target.split("/"):
        depth += {"..": -1, ".": 0, "": 0}.get(part, 1)
        if depth < 0:
            return True
    return False


def _pack(fields: object) -> Pack:
    if not isinstance(fields, list) or len(fields) != 3:
        raise ValueError("packs: not a name, a version and a digest")
    name, version, digest = fields
    return Pack(_text(name), _text(version), _fitting(digest, _KEY))


def _link(fields: object) -> Any:
    from accel_doctor.model.wheels import Link

    if not isinstance(fields, list) or len(fields) != 3 or not isinstance(fields[1], list):
        raise ValueError("links: not a soname, versions and a package")
    soname, versions, package = fields
    return Link(_text(soname), tuple(map(_text, versions)), None if package is None else _text(package))


def _table(fields: Mapping[str, Any], name: str) -> dict[str, Any]:
    value = fields.get(name)
    if not isinstance(value, dict):
        raise ValueError(f"{name}: not a table")
    return value


def _list(fields: Mapping[str, Any], name: str) -> list[Any]:
    value = fields.get(name)
    if not isinstance(value, list):
        raise ValueError(f"{name}: not a list")
    return value


def _fitting(value: object, grammar: re.Pattern[str]) -> str:
    text = _text(value)
    if not grammar.fullmatch(text):
        raise ValueError(f"{text[:100]!r} does not fit")
    return text


def _text(value: object) -> str:
    if not isinstance(value, str) or len(value) > _TEXT_LIMIT or "\0" in value or "\n" in value:
        raise ValueError("not a line of text")
    return value
