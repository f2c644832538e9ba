"""Arch Linux's ``.files`` databases: a tar archive with ``<package>/desc`` and ``<package>/files`` for each package,
each file made of ``%FIELD%`` headings and lines below them (repo-add(8))."""

from __future__ import annotations

import re
import tarfile
from typing import IO

from accel_doctor.fileindex.contents import Collection

_NAME = re.compile(r"[a-z0-9@_+][a-z0-9@._+-]{0,199}")
_DEPENDENCY = re.compile(r"([a-z0-9@_+][a-z0-9@._+-]*)(?:[<>=].*)?")
_LARGEST_MEMBER = 64 << 20


def read_files(stream: IO[bytes], collection: Collection) -> None:
    """Add the files of all packages of a repository. Raises tarfile.TarError."""
    names: dict[str, str] = {}
    waiting: dict[str, list[str]] = {}
    with tarfile.open(fileobj=stream, mode="r|") as archive:
        for member in archive:
            directory, _, kind = member.name.rpartition("/")
            if not member.isfile() or kind not in ("desc", "files") or member.size > _LARGEST_MEMBER:
                continue
            content = archive.extractfile(member)
            fields = _fields(content.read().decode("utf-8", "replace") if content else "")
            if kind == "desc":
                names[directory] = _describe(fields, collection)
                _add(names[directory], waiting.pop(directory, []), collection)
            elif directory in names:
                _add(names.pop(directory), fields.get("FILES", []), collection)
            else:
                waiting[directory] = fields.get("FILES", [])


def _fields(text: str) -> dict[str, list[str]]:
    fields: dict[str, list[str]] = {}
    lines: list[str] = []
    for line in text.splitlines():
        if line.startswith("%") and line.endswith("%") and len(line) > 2:
            lines = fields.setdefault(line[1:-1], [])
        elif line:
            lines.append(line)
    return fields


def _describe(fields: dict[str, list[str]], collection: Collection) -> str:
    name = (fields.get("NAME") or [""])[0]
    if not _NAME.fullmatch(name):
        return ""
    listed = [*fields.get("DEPENDS", []), *fields.get("MAKEDEPENDS", [])]
    matches = [_DEPENDENCY.fullmatch(text) for text in listed]
    collection.use({match[1] for match in matches if match})
    return name


def _add(name: str, paths: list[str], collection: Collection) -> None:
    if not name:
        return
    for path in paths:
        if path.endswith("/"):
            continue
        collection.add(path, (name,))
        # Arch does not split packages: a library's headers are in its only package.
        if path.startswith("usr/include/") or path.endswith(".pc"):
            collection.development.add(name)
