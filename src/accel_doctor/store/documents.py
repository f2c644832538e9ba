"""Validation of JSON that another machine or user may have written: nothing is used before it is checked. Pure."""

from __future__ import annotations

import json
import re
from typing import Any

KEY = re.compile(r"[0-9a-f]{64}")


def is_key(text: str) -> bool:
    """Return whether ``text`` has the form of a key, a SHA-256 in hex."""
    return KEY.fullmatch(text) is not None


def read_document(content: bytes, schema: int, limit: int) -> dict[str, Any]:
    """Parse a JSON object of at most ``limit`` bytes that declares this schema. Raise ValueError for anything else."""
    if len(content) > limit:
        raise ValueError(f"larger than {limit} bytes")
    try:
        fields = json.loads(content)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    if not isinstance(fields, dict) or fields.get("schema") != schema:
        raise ValueError(f"not a document of schema {schema}")
    return fields


def table(value: object, name: str) -> dict[str, Any]:
    """Return ``value`` if it is an object, else raise ValueError that mentions ``name``."""
    if not isinstance(value, dict):
        raise ValueError(f"{name}: expected an object, got {value!r:.100}")
    return value


def items(value: object, name: str, most: int) -> list[Any]:
    """Return ``value`` if it is a list of at most ``most`` items, ``[]`` if it is missing, else raise ValueError."""
    if value is None:
        return []
    if not isinstance(value, list) or len(value) > most:
        raise ValueError(f"{name}: expected a list of at most {most}, got {value!r:.100}")
    return value


def text(value: object, name: str, grammar: re.Pattern[str] | None = None) -> str:
    """Return ``value`` if it is one line of text that matches the grammar, else raise ValueError."""
    if not isinstance(value, str) or len(value) > 4096 or "\0" in value or "\n" in value:
        raise ValueError(f"{name}: expected a line of text, got {value!r:.100}")
    if grammar and not grammar.fullmatch(value):
        raise ValueError(f"{name}: malformed: {value[:100]!r}")
    return value
