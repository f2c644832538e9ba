"""Which lines are worth a closer look: nearly all of a build log is compiler command lines that say nothing.

Trying every text of every symptom on every line would cost more than the rest of a diagnosis. So whole blocks of the
log are searched at once, by one pattern that the interpreter's regular expression engine runs at its best: it skips
ahead to the few bytes with which any of the wanted texts' pieces begins, and pieces are cut where a rare byte is.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import cache, cached_property

from accel_doctor.diagnosis.attribution import TELLING
from accel_doctor.diagnosis.ordinary import ORDINARY
from accel_doctor.rulebook import Symptom

# What a line has that a summary may quote when no symptom matched.
_ERROR_TEXTS = ("rror: ", "rror:\t", "xception: ")
# What begins a message that goes on in the following lines (see cleaning).
_WRAPPED = ("CMake Error",)
_GATE_LENGTH = 5
_PIECE, _LONGEST_PIECE = 6, 12  # bytes; shorter ones occur too often
_SHORT_TEXT, _SHORT_PIECE = 8, 3
_FREQUENCY = {byte: ORDINARY.count(byte) / len(ORDINARY) for byte in set(ORDINARY)}
_ORDINARY_PIECES = {ORDINARY[start : start + _PIECE] for start in range(len(ORDINARY))}
_NEVER = 0.0005  # what a first byte costs that the sample does not have
_IN_SAMPLE = 0.02  # what a piece costs that the sample has


class SymptomIndex:
    """Symptoms by the texts their lines contain."""

    def __init__(self, symptoms: Sequence[Symptom]) -> None:
        self._symptoms = symptoms
        self._by_text: dict[str, list[int]] = {}
        for position, symptom in enumerate(symptoms):
            for text in symptom.contains:
                self._by_text.setdefault(text, []).append(position)
        self._gates = tuple(gates(frozenset(self._by_text)).items())

    @cached_property
    def wanted(self) -> re.Pattern[bytes]:
        """Matches somewhere in every line that may say anything, and in few others."""
        texts = (*self._by_text, *TELLING, *_ERROR_TEXTS, *_WRAPPED)
        return pattern_of_pieces(frozenset(text.encode() for text in texts))

    def candidates(self, line: str) -> Iterator[Symptom]:
        """The symptoms whose texts a line contains, in their own order."""
        found: set[int] = set()
        for gate, texts in self._gates:
            if gate in line:
                for text in texts:
                    if text in line:
                        found.update(self._by_text[text])
        return (self._symptoms[position] for position in sorted(found))


@cache
def gates(texts: frozenset[str]) -> dict[str, tuple[str, ...]]:
    """Few short texts, one of which occurs in each of ``texts``, with those of ``texts`` it stands for.

    Chosen greedily, most widely shared first.
    """
    covers: dict[str, set[str]] = {}
    for text in sorted(texts):
        size = min(_GATE_LENGTH, len(text))
        for start in range(len(text) - size + 1):
            covers.setdefault(text[start : start + size], set()).add(text)
    chosen: dict[str, tuple[str, ...]] = {}
    while covers:
        best = max(covers, key=lambda piece: len(covers[piece]))
        done = set(covers[best])
        chosen[best] = tuple(sorted(done))
        for piece in [piece for piece, covered in covers.items() if covered & done]:
            covers[piece] -= done
            if not covers[piece]:
                del covers[piece]
    return chosen


@cache
def pattern_of_pieces(texts: frozenset[bytes]) -> re.Pattern[bytes]:
    """A pattern that matches within each of ``texts``: a tree of pieces that begin with few and rare bytes."""
    first = _first_bytes(texts)
    tree: _Tree = {}
    for piece in _shortest(_piece(text, first) for text in texts):
        branch = tree
        for byte in piece:
            branch = branch.setdefault(byte, {})
    return re.compile(_written(tree))


_Tree = dict[int, "_Tree"]  # by byte; empty where a piece ends


def _shortest(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """The pieces, sorted, without those that begin with another."""
    last: bytes | None = None
    for piece in sorted(pieces):
        if last is None or not piece.startswith(last):
            last = piece
            yield piece


def _attempts(byte: int) -> float:
    """What a first byte costs: the engine makes an attempt wherever it occurs."""
    return _FREQUENCY.get(byte, 0.0) + _NEVER


def _vain(piece: bytes) -> float:
    """What a piece costs in lines that are looked at in vain."""
    known = piece[:_PIECE] in _ORDINARY_PIECES if len(piece) >= _PIECE else piece in ORDINARY
    return _IN_SAMPLE if known else 0.0


def _starts(text: bytes) -> range:
    shortest = _SHORT_PIECE if len(text) <= _SHORT_TEXT else _PIECE
    return range(max(1, len(text) - shortest + 1))


def _first_bytes(texts: frozenset[bytes]) -> frozenset[int]:
    """Bytes with which pieces of all texts begin: greedily, those that serve most texts at least cost."""
    serves: dict[int, dict[bytes, float]] = {}
    for text in texts:
        for start in _starts(text):
            vain = _vain(text[start : start + _LONGEST_PIECE])
            served = serves.setdefault(text[start], {})
            served[text] = min(vain, served.get(text, vain))
    left = set(texts)
    chosen: set[int] = set()
    while left:
        costs = {}
        for byte, served in serves.items():
            new = left & served.keys()
            if new:
                costs[byte] = (_attempts(byte) + sum(served[text] for text in new)) / len(new)
        best = min(sorted(costs), key=costs.__getitem__)
        chosen.add(best)
        left -= serves[best].keys()
    for byte in sorted(chosen, key=_attempts, reverse=True):  # those that later choices made needless
        others = [serves[other].keys() for other in chosen if other != byte]
        if texts <= set().union(*others):
            chosen.remove(byte)
    return frozenset(chosen)


def _piece(text: bytes, first: frozenset[int]) -> bytes:
    pieces = [text[start : start + _LONGEST_PIECE] for start in _starts(text) if text[start] in first]
    return min(pieces, key=lambda piece: _attempts(piece[0]) + _vain(piece))


def _written(tree: _Tree) -> bytes:
    if not tree:
        return b""
    branches = [re.escape(bytes([byte])) + _written(below) for byte, below in sorted(tree.items())]
    return branches[0] if len(branches) == 1 else b"(?:" + b"|".join(branches) + b")"
