"""Which lines are worth a closer look: nearly all of a build log is compiler command lines that say nothing.

Trying every text of every symptom on every line would cost more than the rest of a diagnosis. So whole blocks of the
log are searched at once, by one pattern that the interpreter's regular expression engine runs at its best: it skips
ahead to the few characters with which any of the wanted texts' pieces begins, and pieces begin with rare ones.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property

from accel_doctor.diagnosis.attribution import TELLING
from accel_doctor.diagnosis.ordinary import ORDINARY
from accel_doctor.diagnosis.translations import TRANSLATIONS
from accel_doctor.rulebook import Symptom

# What a line has that a summary may quote when no symptom matched.
_ERROR_TEXTS = ("rror: ", "rror:\t", "xception: ")
# What begins a message that goes on in the following lines (see cleaning).
_WRAPPED = ("CMake Error",)
_PIECE, _LONGEST_PIECE = 4, 12  # characters; shorter ones occur too often
_SHORT_TEXT, _SHORT_PIECE = 8, 3
_FREQUENCY = {character: ORDINARY.count(character) / len(ORDINARY) for character in set(ORDINARY)}
_ORDINARY_PIECES = {ORDINARY[start : start + _PIECE] for start in range(len(ORDINARY))}
_NEVER = 0.0005  # what a first character costs that the sample does not have
_IN_SAMPLE = 0.02  # what a piece costs that the sample has


class SymptomIndex:
    """Symptoms by the texts their lines contain."""

    def __init__(self, symptoms: Sequence[Symptom]) -> None:
        self._symptoms = symptoms
        self._by_text: dict[str, list[int]] = {}
        for position, symptom in enumerate(symptoms):
            for text in symptom.contains:
                self._by_text.setdefault(text, []).append(position)

    @property
    def wanted(self) -> re.Pattern[bytes]:
        """Matches somewhere in every line (in UTF-8) that may say anything, and in few others."""
        return self._pieces.in_bytes

    @cached_property
    def _pieces(self) -> Pieces:
        return Pieces.of(frozenset((*self._by_text, *TELLING, *_ERROR_TEXTS, *_WRAPPED, *TRANSLATIONS)))

    def candidates(self, line: str) -> Iterable[Symptom]:
        """The symptoms whose texts a line contains, in their own order."""
        pieces = self._pieces
        positions: list[int] = []
        found = pieces.in_text.search(line)
        while found:
            for text in pieces.texts[found[0]]:
                if text in line:
                    positions += self._by_text.get(text, ())
            found = pieces.in_text.search(line, found.start() + 1)  # pieces may overlap
        return [self._symptoms[position] for position in sorted(set(positions))]


@dataclass(frozen=True)
class Pieces:
    """Patterns that match within each of some texts: a tree of pieces that begin with few and rare characters.

    ``texts`` says which texts a piece stands for. No piece begins with another one, so that one place has one at most.
    """

    in_text: re.Pattern[str]
    in_bytes: re.Pattern[bytes]
    texts: Mapping[str, Sequence[str]]

    @classmethod
    @cache
    def of(cls, texts: frozenset[str]) -> Pieces:
        """The pieces of these texts."""
        first = _first_characters(texts)
        chosen = {text: _piece(text, first) for text in texts}
        served: dict[str, list[str]] = {piece: [] for piece in _shortest(chosen.values())}
        for text, piece in sorted(chosen.items()):
            served[next(piece[:size] for size in range(1, len(piece) + 1) if piece[:size] in served)].append(text)
        tree: _Tree = {}
        for piece in served:
            branch = tree
            for character in piece:
                branch = branch.setdefault(character, {})
        written = _written(tree)
        return cls(re.compile(written), re.compile(written.encode()), served)


_Tree = dict[str, "_Tree"]  # by character; empty where a piece ends


def _shortest(pieces: Iterable[str]) -> Iterator[str]:
    """The pieces, sorted, without those that begin with another."""
    last: str | None = None
    for piece in sorted(pieces):
        if last is None or not piece.startswith(last):
            last = piece
            yield piece


def _attempts(character: str) -> float:
    """What a first character costs: the engine makes an attempt wherever it occurs."""
    return _FREQUENCY.get(character, 0.0) + _NEVER


def _vain(piece: str) -> float:
    """What a piece costs in lines that are looked at in vain."""
    known = piece[:_PIECE] in _ORDINARY_PIECES if len(piece) >= _PIECE else piece in ORDINARY
    return _IN_SAMPLE if known else 0.0


def _starts(text: str) -> range:
    shortest = _SHORT_PIECE if len(text) <= _SHORT_TEXT else _PIECE
    return range(max(1, len(text) - shortest + 1))


def _first_characters(texts: frozenset[str]) -> frozenset[str]:
    """Characters with which pieces of all texts begin: greedily, those that serve most texts at least cost."""
    serves: dict[str, dict[str, float]] = {}
    for text in texts:
        for start in _starts(text):
            vain = _vain(text[start : start + _LONGEST_PIECE])
            served = serves.setdefault(text[start], {})
            served[text] = min(vain, served.get(text, vain))
    left = set(texts)
    chosen: set[str] = set()
    while left:
        costs = {}
        for character, served in serves.items():
            new = left & served.keys()
            if new:
                costs[character] = (_attempts(character) + sum(served[text] for text in new)) / len(new)
        best = min(sorted(costs), key=costs.__getitem__)
        chosen.add(best)
        left -= serves[best].keys()
    for character in sorted(chosen, key=_attempts, reverse=True):  # those that later choices made needless
        others = [serves[other].keys() for other in chosen if other != character]
        if texts <= set().union(*others):
            chosen.remove(character)
    return frozenset(chosen)


def _piece(text: str, first: frozenset[str]) -> str:
    pieces = [text[start : start + _LONGEST_PIECE] for start in _starts(text) if text[start] in first]
    return min(pieces, key=lambda piece: _attempts(piece[0]) + _vain(piece))


def _written(tree: _Tree) -> str:
    if not tree:
        return ""
    branches = [re.escape(character) + _written(below) for character, below in sorted(tree.items())]
    return branches[0] if len(branches) == 1 else f"(?:{'|'.join(branches)})"
