"""Which lines are worth a closer look: nearly all of a build log is compiler command lines that say nothing.

Trying every text of every symptom on every line would cost more than the rest of a diagnosis. So a few short texts
that between them occur in all of those (the gates) are tried first, by loops that run inside the interpreter's C code.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache

from accel_doctor.diagnosis.attribution import TELLING
from accel_doctor.rulebook import Symptom

# What a line has that a summary may quote when no symptom matched.
_ERROR_TEXTS = ("rror: ", "rror:\t", "xception: ")
_GATE_LENGTH = 9


class SymptomIndex:
    """Symptoms by the texts their lines contain."""

    def __init__(self, symptoms: Sequence[Symptom]) -> None:
        self._symptoms = symptoms
        self._by_text: dict[str, list[int]] = {}
        for position, symptom in enumerate(symptoms):
            for text in symptom.contains:
                self._by_text.setdefault(text, []).append(position)
        self._texts = tuple(self._by_text)
        self._gates = gates(frozenset((*self._texts, *TELLING, *_ERROR_TEXTS)))

    def wants(self, line: str) -> bool:
        """Whether a line may say anything: surely True for one that does."""
        return any(map(line.__contains__, self._gates))

    def candidates(self, line: str) -> Iterator[Symptom]:
        """The symptoms whose texts a line contains, in their own order."""
        found = {position for text in filter(line.__contains__, self._texts) for position in self._by_text[text]}
        return (self._symptoms[position] for position in sorted(found))


@cache
def gates(texts: frozenset[str]) -> tuple[str, ...]:
    """Few short texts, one of which occurs in each of ``texts``; chosen greedily, most widely shared first."""
    covers: dict[str, set[str]] = {}
    for text in sorted(texts):
        size = min(_GATE_LENGTH, len(text))
        for start in range(len(text) - size + 1):
            covers.setdefault(text[start : start + size], set()).add(text)
    chosen: list[str] = []
    open_texts = set(texts)
    while open_texts:
        best = max(covers, key=lambda piece: len(covers[piece]))
        chosen.append(best)
        done = covers[best] & open_texts
        open_texts -= done
        for piece in [piece for piece, covered in covers.items() if covered & done]:
            covers[piece] -= done
            if not covers[piece]:
                del covers[piece]
    return tuple(chosen)
