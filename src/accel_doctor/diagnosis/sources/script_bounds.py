"""Bound the values of a setup script that is not run: its author may have made them to take all memory or time."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

_MOST_CHARACTERS = 200_000  # of a string
_MOST_ITEMS = 10_000  # of a list
_MOST_NESTED = 2000  # lists inside of one
_DEEPEST = 8
_CONTAINERS = (list, tuple, dict)
# Formats pad: %9999d, %*d, {:9999}, {:{}}
_PADDING = re.compile(r"%[-+ #0]*(?:\*|\d{4})|%[^%a-zA-Z]*\.(?:\*|\d{4})|\{[^{}]*:[^{}]*(?:\d{4}|\{)")


def is_small(value: Any) -> bool:
    """Return whether a value is short enough to go on with; what it holds is not looked at."""
    if isinstance(value, str):
        return len(value) <= _MOST_CHARACTERS
    return not isinstance(value, _CONTAINERS) or len(value) <= _MOST_ITEMS


def is_shallow(value: Any, owner: Any = None) -> bool:
    """Return whether a value is nested little, and does not hold ``owner``, of which it is to become a part."""
    level: list[Any] = [value]
    seen: set[int] = set()
    for _ in range(_DEEPEST):
        level = [one for one in level if isinstance(one, _CONTAINERS) and id(one) not in seen]
        seen.update(map(id, level))
        if not level:
            return True
        if len(seen) > _MOST_NESTED or any(one is owner for one in level):
            return False
        level = [item for one in level for item in (one.values() if isinstance(one, dict) else one)]
    return False


def pads(template: str) -> bool:
    """Return whether formatting a template could make much out of little."""
    return _PADDING.search(template) is not None


def multiplies(owner: object, method: str, arguments: Sequence[Any]) -> bool:
    """Return whether a method of a string, list or dictionary could make a value too large, or hold itself."""
    if not is_small(owner) or not all(is_shallow(argument, owner) for argument in arguments):
        return True
    if isinstance(owner, str) and method == "format":
        return pads(owner)
    if isinstance(owner, str) and method in ("replace", "join"):
        return (len(owner) + 1) * (sum(map(_length, arguments)) + 1) > _MOST_CHARACTERS
    return False


def _length(argument: object) -> int:
    if isinstance(argument, str):
        return len(argument)
    return len(list(argument)) if isinstance(argument, Iterable) else 0
