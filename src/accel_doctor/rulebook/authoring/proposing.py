"""Draft a symptom from one line of a log and the need it shows.

The words around the name are assumed to be the tool's own, unless they vary from case to case: paths, numbers, file
names. The author can correct the draft.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from accel_doctor.model.needs import Need, NeedKind

_LEAST = 4  # characters needed to tell a line from others
_MOST_WORDS = 8  # on either side of the name
_VARYING = re.compile(r"""[/\\]|\d|^\S+\.\w+[:,]?$|^["'`\u2018].+["'`\u2019]\W?$""")
_WORD = re.compile(r"\s*\S+\s*")
_STRIPPED = re.compile(r"\S+")
_ID_WORDS = re.compile(r"[a-z]{3,}")
_COMMON = frozenset({"error", "fatal", "the", "for", "and", "not", "was", "are"})


@dataclass(frozen=True)
class _Word:
    text: str  # with the spaces around it
    varies: bool


@dataclass(frozen=True)
class Draft:
    """A drafted symptom: with a ``kind`` the pattern captures a name, without it always shows ``need``."""

    need: Need
    line: str
    contains: str
    pattern: str
    kind: NeedKind | None


def draft(line: str, need: Need) -> Draft:
    """Draft a symptom for a cleaned line. Raises ValueError if the line is not distinctive enough."""
    # The last place where the name is a word of its own
    *_, place = (None, *re.finditer(rf"(?<![A-Za-z0-9_]){re.escape(need.name)}(?![A-Za-z0-9_])", line))
    if place is None:
        words = _trimmed(_words(line))
        return Draft(need, line, _telling(words, line), _pattern(words).strip(), None)
    before = _trimmed(_words(line[: place.start()])[-_MOST_WORDS:], right=False)
    after = _trimmed(_words(line[place.end() :])[:_MOST_WORDS], left=False)
    name = "[A-Za-z0-9_][A-Za-z0-9_.+/-]*" if need.kind.facts.with_directories else "[A-Za-z0-9_][A-Za-z0-9_.+-]*"
    path = ""
    if before and before[-1].varies and not before[-1].text[-1].isspace():
        # Rest of the name's word: a directory that is in the message but not in the need, else not usable.
        path, before = (r"\S*/", before[:-1]) if before[-1].text.endswith("/") else ("", [])
    pattern = f"{_pattern(before)}{path}(?P<name>{name}){_pattern(after).rstrip()}"
    return Draft(need, line, _telling([*before, _Word("", True), *after], line), pattern, need.kind)


def stem(draft: Draft) -> str:
    """Return a name for the symptom: the kind of need, then words from the message."""
    words = [word for word in _ID_WORDS.findall(draft.contains.lower()) if word not in _COMMON]
    return "-".join((draft.need.kind.value, *words[:3]))


def _words(text: str) -> list[_Word]:
    words = [(word, word.strip()) for word in _WORD.findall(text)]
    return [_Word(word, not bare.isprintable() or _VARYING.search(bare) is not None) for word, bare in words]


def _trimmed(words: list[_Word], *, left: bool = True, right: bool = True) -> list[_Word]:
    """Drop the words at these ends that vary from case to case."""
    first, last = 0, len(words)
    while left and first < last and words[first].varies:
        first += 1
    while right and first < last and words[last - 1].varies:
        last -= 1
    return words[first:last]


def _pattern(words: Sequence[_Word]) -> str:
    """Return the words as a pattern; varying words match any word."""
    return "".join(
        _STRIPPED.sub(lambda found: r"\S+", word.text) if word.varies else _escaped(word.text) for word in words
    )


def _telling(words: Sequence[_Word], line: str) -> str:
    """Return the longest run of words that do not vary."""
    runs = [""]
    for word in words:
        if word.varies:
            runs.append("")
        else:
            runs[-1] += word.text
    text = max((run.strip() for run in runs), key=len)
    if len(text) < _LEAST:
        raise ValueError(f"nothing distinguishes this line from others: {line!r}")
    return text


def _escaped(text: str) -> str:
    # re.escape() also escapes characters that are special only in verbose patterns and in classes
    return re.sub(r"\\([ \-#&~])", r"\1", re.escape(text))
