"""Check the patterns of symptoms: regular expressions that RE2 accepts too.

RE2 (https://github.com/google/re2/wiki/Syntax) has no lookaround, backreferences, atomic groups, conditionals or
possessive repeats. Patterns without them stay readable, and could move to a linear-time engine.
"""

from __future__ import annotations

import re

# What is left of a pattern once escaped characters and character classes are blanked out.
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_CLASS = re.compile(r"\[\^?\]?[^\]]*\]")
_NOT_IN_RE2 = (
    (re.compile(r"\(\?<?[=!]"), "lookaround"),
    (re.compile(r"\(\?P="), "a backreference"),
    (re.compile(r"\(\?>"), "an atomic group"),
    (re.compile(r"\(\?\("), "a conditional"),
    (re.compile(r"[*+?}]\+"), "a possessive repeat"),
)
_REPEAT_IN_REPEAT = re.compile(r"\([^()]*[*+][^()]*\)(?:[*+]|\{\d*,\})")


def complaint_about(pattern: str) -> str | None:
    """Return why a pattern is refused, or None."""
    if re.search(r"(?<!\\)(?:\\\\)*\\[1-9]", pattern):
        return "uses a backreference, which RE2 does not support"
    if re.search(r"(?<!\\)(?:\\\\)*\\Z", pattern):
        return r"uses \Z, which RE2 does not support: write $"
    bare = _CLASS.sub("C", _ESCAPED.sub("E", pattern))
    for found, name in _NOT_IN_RE2:
        if found.search(bare):
            return f"uses {name}, which RE2 does not support"
    if _REPEAT_IN_REPEAT.search(bare):
        return "repeats a group that itself repeats: this can take exponential time on a hostile log"
    try:
        re.compile(pattern)
    except re.error as error:
        return f"not a valid regular expression: {error}"
    return None


def is_anchored(pattern: str) -> bool:
    """Return whether a pattern can match at the beginning of a line only."""
    if not pattern.startswith("^"):
        return False
    depth = 0
    for character in _CLASS.sub("C", _ESCAPED.sub("E", pattern)):
        depth += (character == "(") - (character == ")")
        if character == "|" and not depth:
            return False
    return True
