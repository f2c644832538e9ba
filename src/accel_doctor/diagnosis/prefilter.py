"""Find the lines worth a closer look: nearly all of a build log is irrelevant compiler command lines.

Trying every string of every symptom on every line would cost more than the rest of a diagnosis. So whole blocks of
the log are searched at once, with one pattern that suits the regular expression engine: it skips ahead to the few
characters with which any piece of a wanted string begins, and pieces begin with rare characters.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property

from accel_doctor.diagnosis.attribution import TELLING
from accel_doctor.diagnosis.ordinary import ORDINARY
from accel_doctor.diagnosis.scanning import WRAPPED
from accel_doctor.diagnosis.translations import TRANSLATIONS
from accel_doctor.rulebook import Symptom

# Strings in lines that a summary may quote if no symptom matched.
_ERROR_TEXTS = ("rror: ", "rror:\t", "ERROR: ", "xception: ", "fatal: ", "FATAL: ")
_PIECE = 12  # characters
_FREQUENCY = {character: ORDINARY.count(character) / len(ORDINARY) for character in set(ORDINARY)}
# The fixed cost of a first character: one more alternative to try at every position.
_ALTERNATIVE = 0.003


class SymptomIndex:
    """Symptoms by the strings that their lines contain."""

    def __init__(self, symptoms: Sequence[Symptom]) -> None:
        self._symptoms = symptoms
        self._by_text: dict[str, list[int]] = {}
        for position, symptom in enumerate(symptoms):
            for text in symptom.contains:
                self._by_text.setdefault(text, []).append(position)

    @property
    def wanted(self) -> re.Pattern[bytes]:
        """Return a pattern that matches in every potentially relevant line (in UTF-8), and in few others."""
        return self._pieces.in_bytes

    @cached_property
    def _pieces(self) -> Pieces:
        return Pieces.of(frozenset((*self._by_text, *TELLING, *_ERROR_TEXTS, *WRAPPED, *TRANSLATIONS)))

    def candidates(self, line: str) -> Iterable[Symptom]:
        """Return the symptoms whose strings a line contains, in rule order."""
        pieces = self._pieces
        positions: list[int] = []
        found = pieces.in_text.search(line)
        while found:
            for text in pieces.texts[found[0]]:
                if text in line:
                    positions += self._by_text.get(text, ())
            found = pieces.in_text.search(line, found.start() + 1)  # pieces may overlap
        if len(positions) > 1:
            positions = sorted(set(positions))
        return [self._symptoms[position] for position in positions]


@dataclass(frozen=True)
class Pieces:
    """Patterns that match within each of some strings, at its rarest character: a tree of the characters after it, and,
    if few follow, those before it.

    ``texts`` maps a piece (the rare character and those after it) to its strings, including those of shorter pieces
    that it begins with: at each position of a line the longest piece is found.
    """

    pattern: str
    texts: Mapping[str, Sequence[str]]

    # Compiling takes longer than reading a small log: compile each pattern on demand.
    @cached_property
    def in_text(self) -> re.Pattern[str]:
        """Return the pattern for decoded lines."""
        return re.compile(self.pattern)

    @cached_property
    def in_bytes(self) -> re.Pattern[bytes]:
        """Return the pattern for blocks in UTF-8."""
        return re.compile(self.pattern.encode())

    @classmethod
    @cache
    def of(cls, texts: frozenset[str]) -> Pieces:
        """Return the pieces of these strings."""
        first = _first_characters(texts)
        served: dict[str, list[str]] = {}
        tree = _Tree({}, set())
        for text in sorted(texts):
            before, piece = _piece(text, first)
            served.setdefault(piece, []).append(text)
            tree.add(piece, before)
        with_shorter = {
            piece: [text for size in range(len(piece)) for text in served.get(piece[: size + 1], ())]
            for piece in served
        }
        return cls(tree.written(), with_shorter)


@dataclass
class _Tree:
    """Pieces as a tree of characters; ``before`` holds the characters before the pieces that end here."""

    branches: dict[str, _Tree]
    before: set[str]

    def add(self, piece: str, before: str) -> None:
        branch = self
        for character in piece:
            branch = branch.branches.setdefault(character, _Tree({}, set()))
        branch.before.add(before)

    def written(self, piece: str = "") -> str:
        ways = [
            re.escape(character) + below.written(piece + character)
            for character, below in sorted(self.branches.items())
        ]
        ways += [""] if "" in self.before else [f"(?<={re.escape(text + piece)})" for text in sorted(self.before)]
        return ways[0] if len(ways) == 1 else f"(?:{'|'.join(ways)})"


def _attempts(character: str) -> float:
    """Return the cost of a first character: the engine makes an attempt wherever it occurs."""
    return _FREQUENCY.get(character, 0.0) + _ALTERNATIVE


def _cut(text: str, place: int) -> tuple[str, str]:
    """Return the parts to search for before a position of a string, and from it on."""
    piece = text[place : place + _PIECE]
    return text[max(0, place + len(piece) - _PIECE) : place], piece


def _first_characters(texts: frozenset[str]) -> frozenset[str]:
    """Return first characters for the pieces of all strings, chosen greedily: most strings at least cost."""
    serves: dict[str, set[str]] = {}
    for text in texts:
        for character in text:
            serves.setdefault(character, set()).add(text)
    left = set(texts)
    chosen: set[str] = set()
    while left:
        new = {character: len(left & served) for character, served in sorted(serves.items())}
        best = min((character for character in new if new[character]), key=lambda one: _attempts(one) / new[one])
        chosen.add(best)
        left -= serves[best]
    for character in sorted(sorted(chosen), key=_attempts, reverse=True):  # drop redundant ones
        if texts <= set().union(*(serves[other] for other in chosen if other != character)):
            chosen.remove(character)
    return frozenset(chosen)


def _piece(text: str, first: frozenset[str]) -> tuple[str, str]:
    places = [place for place, character in enumerate(text) if character in first]
    return _cut(text, min(places, key=lambda place: _attempts(text[place])))
