"""Entries of the wheel store as JSON. Pure.

An entry may have been written by another machine, another version, or somebody else: what is read is checked against
the grammar of every field before anything is done with it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import asdict
from typing import Any, TypeVar

from accel_doctor.model import Entry, Link, Provenance

SCHEMA = 2
LIMIT = 1 << 20  # bytes; most have less than 4 KiB
_WORDS_LIMIT = 5000  # of one list: a wheel with that many links or build requirements is none of ours
_TEXT_LIMIT = 2000

T = TypeVar("T")

_KEY = re.compile(r"[0-9a-f]{64}")
# The wheel format (PEP 427): five or six parts of which none holds a dash; no separator of paths can be among them.
_FILE = re.compile(r"[A-Za-z0-9_.]+-[A-Za-z0-9_.!+]+(-[0-9][A-Za-z0-9_.]*)?(-[A-Za-z0-9_.]+){3}\.whl")
_NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")  # normalized (PEP 503)


def entry_to_json(entry: Entry) -> bytes:
    """The content of ``entry.json``."""
    return json.dumps({"schema": SCHEMA, **asdict(entry)}, indent=1, sort_keys=True).encode() + b"\n"


def entry_from_json(content: bytes) -> Entry:
    """The entry that :func:`entry_to_json` wrote; ValueError for anything else. Fields of newer versions are passed
    over."""
    if len(content) > LIMIT:
        raise ValueError(f"an entry of more than {LIMIT} bytes")
    try:
        fields = json.loads(content)
    except RecursionError:
        raise ValueError("nested too deep") from None
    if not isinstance(fields, dict) or fields.get("schema") != SCHEMA:
        raise ValueError(f"not an entry of schema {SCHEMA}")
    size = fields.get("size")
    if not isinstance(size, int) or isinstance(size, bool) or size < 0:
        raise ValueError("size: not a number of bytes")
    signature = fields.get("signature")
    return Entry(
        key=_text(fields, "key", _KEY),
        file=_text(fields, "file", _FILE),
        sha256=_text(fields, "sha256", _KEY),
        size=size,
        provenance=_provenance(_table(fields.get("provenance"))),
        links=_tuple(fields, "links", lambda link: _link(_table(link))),
        signature=None if signature is None else _text(fields, "signature"),
    )


def is_key(text: str) -> bool:
    """Whether ``text`` has the form of a key."""
    return _KEY.fullmatch(text) is not None


def _provenance(fields: dict[str, Any]) -> Provenance:
    texts = ("version", "source", "distribution", "interpreter", "platform", "libc", "built_at")
    return Provenance(
        name=_text(fields, "name", _NAME),
        build_requirements=_tuple(fields, "build_requirements", _checked),
        built_with=_tuple(fields, "built_with", _checked),
        **{name: _text(fields, name) for name in texts},
    )


def _link(fields: dict[str, Any]) -> Link:
    package = fields.get("package")
    return Link(
        soname=_text(fields, "soname"),
        versions=_tuple(fields, "versions", _checked),
        package=None if package is None else _text(fields, "package"),
    )


def _table(value: object) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ValueError("a table is missing")
    return value


def _text(fields: dict[str, Any], name: str, grammar: re.Pattern[str] | None = None) -> str:
    value = _checked(fields.get(name), name)
    if grammar and not grammar.fullmatch(value):
        raise ValueError(f"{name}: {value[:100]!r} is not one")
    return value


def _checked(value: object, name: str = "a list") -> str:
    if not isinstance(value, str) or len(value) > _TEXT_LIMIT or not value.isprintable():
        raise ValueError(f"{name}: not a line of text")
    return value


def _tuple(fields: dict[str, Any], name: str, read: Callable[[Any], T]) -> tuple[T, ...]:
    values = fields.get(name, [])
    if not isinstance(values, list) or len(values) > _WORDS_LIMIT:
        raise ValueError(f"{name}: not a list, or an endless one")
    return tuple(read(value) for value in values)
