"""Count the characters that a backtracking engine looks at: a measure of work that no busy machine changes.

Python's ``re`` does not tell how much it did. So the tree that its own parser makes becomes a small program here,
which is run over a line as the engine would: alternatives in order, until one leads to a match. What was tried before
from one place of the program at one place of the line is remembered with its cost, so that counting is quick even where
matching would take for ever.

Repeats with an upper bound are cut to a few rounds: their cost does not grow with the line, and short lines show it.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from math import log2
from typing import Any

from accel_doctor.rulebook.symptoms import is_anchored

if sys.version_info >= (3, 11):
    from re import _constants, _parser
else:
    import sre_constants as _constants
    import sre_parse as _parser

# In one line, for one pattern: a thousand times for each character of the longest line, or some ten milliseconds.
MOST_WORK = 1000 * 4096
_FILLERS = ("a", " ", "a ", "'", "a'", "a:", ", 'a'", "-", "(", "\\", "../", "a.", "a/", "x.h ", "error: ")
_SHORT = 16  # characters of filler in the shortest line
_FEW = 4  # rounds that a bounded repeat is cut to
_CATEGORIES: dict[Any, Callable[[str], bool]] = {
    _constants.CATEGORY_DIGIT: str.isdigit,
    _constants.CATEGORY_NOT_DIGIT: lambda character: not character.isdigit(),
    _constants.CATEGORY_SPACE: str.isspace,
    _constants.CATEGORY_NOT_SPACE: lambda character: not character.isspace(),
    _constants.CATEGORY_WORD: lambda character: character.isalnum() or character == "_",
    _constants.CATEGORY_NOT_WORD: lambda character: not (character.isalnum() or character == "_"),
}


def hostile_lines(texts: Sequence[str]) -> Iterator[tuple[str, str, str]]:
    """Yield lines with these texts among what makes repeats try much, each in three lengths."""
    for text in texts:
        for filler in _FILLERS:
            few, fewer = max(2, _SHORT // len(filler)), max(2, _SHORT // len(text + filler))
            short, middle, long = (filler * few * times for times in (1, 2, 4))
            yield text + short, text + middle, text + long
            yield short + text + short, middle + text + middle, long + text + long
            yield (text + filler) * fewer, (text + filler) * fewer * 2, (text + filler) * fewer * 4


@dataclass
class _State:
    """A place in the program: a character to look at, a place in the line to be at, or alternatives in order."""

    accepts: Callable[[str], bool] | None = None
    at: Any = None
    following: list[_State] = field(default_factory=list)
    costs: dict[int, tuple[int, int | None]] = field(default_factory=dict)  # by place in the line: cost, end of match


class Pattern:
    """A regular expression that counts."""

    def __init__(self, pattern: str) -> None:
        self._states: list[_State] = []
        self._end = self._state()
        self._start = self._compiled(_parser.parse(pattern), self._end)
        self._anchored = is_anchored(pattern)
        self._refused: dict[str, bool] = {}  # characters that no match begins with

    def work(self, lines: Sequence[str], length: int) -> float:
        """Return the characters looked at in a line of that length, by those in three lines, each twice as long as
        the one before: the last ones grow on as they did."""
        first, second, third = map(self.characters_looked_at, lines)
        growth = max(1.0, (third - second) / max(1, second - first))
        return float(third * growth ** max(0.0, log2(length / len(lines[2]))))

    def characters_looked_at(self, line: str) -> int:
        """Return how many characters ``re`` looks at to find all matches in a line, those tried again included."""
        for state in self._states:
            state.costs.clear()
        sys.setrecursionlimit(max(sys.getrecursionlimit(), 10_000))  # a state or two for each character
        if self._anchored:
            return self._cost(self._start, line, 0)[0]
        refused = self._refused
        total = end = 0
        for place, character in enumerate(line):
            if character not in refused:
                refused[character] = not self._begins(self._start, character)
            if refused[character] or place < end:
                total += 1
                continue
            cost, found = self._cost(self._start, line, place)
            total += cost
            end = found or 0
        return total

    def _begins(self, state: _State, character: str) -> bool:
        """Return whether a match from here can begin with a character."""
        if state.accepts:
            return state.accepts(character)
        return state is self._end or state.at is not None or any(self._begins(s, character) for s in state.following)

    # --- running

    def _cost(self, state: _State, line: str, place: int) -> tuple[int, int | None]:
        """Return the characters looked at from here, and the end of the match, if there is one."""
        if state is self._end:
            return 0, place
        remembered = state.costs.get(place)
        if remembered is not None:
            return remembered
        state.costs[place] = 0, None  # a repeat of nothing gets nowhere
        if state.accepts:
            character = line[place : place + 1]
            cost, end = 1, None
            if character and state.accepts(character):
                cost, end = self._cost(state.following[0], line, place + 1)
                cost += 1
        elif state.at is not None:
            cost, end = self._cost(state.following[0], line, place) if _is_at(state.at, line, place) else (1, None)
        else:
            cost, end = 0, None
            for alternative in state.following:
                more, end = self._cost(alternative, line, place)
                cost += more
                if end is not None:
                    break
        state.costs[place] = cost, end
        return cost, end

    # --- compiling, from the end backwards

    def _state(self, *following: _State, accepts: Callable[[str], bool] | None = None, at: Any = None) -> _State:
        state = _State(accepts, at, list(following))
        self._states.append(state)
        return state

    def _compiled(self, items: Any, end: _State) -> _State:
        for operation, argument in reversed(list(items)):
            end = self._item(operation, argument, end)
        return end

    def _item(self, operation: Any, argument: Any, end: _State) -> _State:
        if operation is _constants.BRANCH:
            return self._state(*(self._compiled(branch, end) for branch in argument[1]))
        if operation is _constants.SUBPATTERN:
            return self._compiled(argument[3], end)
        if operation in (_constants.MAX_REPEAT, _constants.MIN_REPEAT):
            least, most, body = argument
            return self._repeat(least, most, body, end, greedy=operation is _constants.MAX_REPEAT)
        if operation is _constants.AT:
            return self._state(end, at=argument)
        return self._state(end, accepts=_accepts(operation, argument))

    def _repeat(self, least: int, most: Any, body: Any, end: _State, *, greedy: bool) -> _State:
        if most is _constants.MAXREPEAT:
            again = self._state()
            round_ = self._compiled(body, again)
            again.following = [round_, end] if greedy else [end, round_]
            end = again
        else:
            after = end
            for _ in range(min(most - least, _FEW)):
                round_ = self._compiled(body, end)
                end = self._state(*((round_, after) if greedy else (after, round_)))
        for _ in range(least):
            end = self._compiled(body, end)
        return end


def _is_at(where: Any, line: str, place: int) -> bool:
    if where in (_constants.AT_BEGINNING, _constants.AT_BEGINNING_STRING):
        return place == 0
    if where in (_constants.AT_END, _constants.AT_END_STRING):
        return place == len(line)
    word = _CATEGORIES[_constants.CATEGORY_WORD]
    before, after = line[place - 1 : place] if place else "", line[place : place + 1]
    boundary = bool(before and word(before)) != bool(after and word(after))
    return boundary == (where is _constants.AT_BOUNDARY)


def _accepts(operation: Any, argument: Any) -> Callable[[str], bool]:
    if operation is _constants.LITERAL:
        return chr(argument).__eq__
    if operation is _constants.NOT_LITERAL:
        return chr(argument).__ne__
    if operation is _constants.ANY:
        return "\n".__ne__
    if operation is _constants.IN:
        negated = argument[0][0] is _constants.NEGATE
        parts = [_part(*part) for part in argument[negated:]]
        return lambda character: any(part(character) for part in parts) != negated
    raise NotImplementedError(operation)


def _part(operation: Any, argument: Any) -> Callable[[str], bool]:
    if operation is _constants.RANGE:
        first, last = map(chr, argument)
        return lambda character: first <= character <= last
    if operation is _constants.CATEGORY:
        return _CATEGORIES[argument]
    return _accepts(operation, argument)
