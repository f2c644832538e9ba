"""Entries of the wheel store as JSON. Pure.

Another machine, version or user may have written an entry: it is checked against
the grammar of every field before it is used.
"""

from __future__ import annotations

import json
import re
from dataclasses import asdict
from typing import Any

from accel_doctor.model.wheels import Entry, Link, Provenance
from accel_doctor.store.documents import KEY, items, read_document, table, text

SCHEMA = 2
LIMIT = 1 << 20  # bytes; most entries have less than 4 KiB
_LONGEST = 2000
_MOST = 5000  # in one list: no wheel of ours has that many links or build requirements

# The wheel format (PEP 427): five or six parts without a dash or a path separator.
_FILE = re.compile(r"[A-Za-z0-9_.]+-[A-Za-z0-9_.!+]+(-[0-9][A-Za-z0-9_.]*)?(-[A-Za-z0-9_.]+){3}\.whl")
_NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")  # normalized (PEP 503)


def entry_to_json(entry: Entry) -> bytes:
    """Return an entry as the content of ``entry.json``."""
    return json.dumps({"schema": SCHEMA, **asdict(entry)}, indent=1, sort_keys=True).encode() + b"\n"


def entry_from_json(content: bytes) -> Entry:
    """Parse the output of :func:`entry_to_json`, ignoring fields of newer versions. Raise ValueError."""
    fields = read_document(content, SCHEMA, LIMIT)
    size, signature = fields.get("size"), fields.get("signature")
    if not isinstance(size, int) or isinstance(size, bool) or size < 0:
        raise ValueError(f"size: expected a number of bytes, got {size!r:.100}")
    return Entry(
        key=text(fields.get("key"), "key", KEY),
        file=text(fields.get("file"), "file", _FILE),
        sha256=text(fields.get("sha256"), "sha256", KEY),
        size=size,
        provenance=_provenance(table(fields.get("provenance"), "provenance")),
        links=tuple(_link(table(link, "links")) for link in items(fields.get("links"), "links", _MOST)),
        signature=None if signature is None else _line(signature, "signature"),
    )


def _provenance(fields: dict[str, Any]) -> Provenance:
    lines = ("version", "source", "distribution", "interpreter", "platform", "libc", "built_at")
    return Provenance(
        name=text(fields.get("name"), "name", _NAME),
        build_requirements=_lines(fields, "build_requirements"),
        lacks=_lines(fields, "lacks"),
        changes=_lines(fields, "changes"),
        settings=_lines(fields, "settings"),
        built_with=_lines(fields, "built_with"),
        **{name: _line(fields.get(name), name) for name in lines},
    )


def _link(fields: dict[str, Any]) -> Link:
    package = fields.get("package")
    return Link(
        soname=_line(fields.get("soname"), "soname"),
        versions=_lines(fields, "versions"),
        package=None if package is None else _line(package, "package"),
    )


def _lines(fields: dict[str, Any], name: str) -> tuple[str, ...]:
    return tuple(_line(line, name) for line in items(fields.get(name), name, _MOST))


def _line(value: object, name: str) -> str:
    line = text(value, name)
    if len(line) > _LONGEST or not line.isprintable():  # it is shown in terminals
        raise ValueError(f"{name}: malformed: {line[:100]!r}")
    return line
