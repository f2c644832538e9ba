"""Bound what a regular expression can cost on a line that somebody wrote to make it slow.

Python's engine backtracks: where a repeat can end in several places, it tries them all if the rest does not match. So
the bound multiplies, from the end of a pattern to its beginning, the places where each repeat can end. There is one
only if nothing that is repeated can begin what follows: ``[a-z]+:``, but not ``.+:``. The bound is rough: patterns that
just stay within it took up to two seconds in the worst lines that were found.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from itertools import combinations
from operator import or_
from typing import Any

if sys.version_info >= (3, 11):
    from re import _constants, _parser
else:
    import sre_constants as _constants
    import sre_parse as _parser

LONGEST_LINE = 4096  # characters; what is longer is cut
MOST_STEPS = LONGEST_LINE**3

_LATIN = 256  # characters that are told apart; all others are as one
_ALL = (1 << (_LATIN + 1)) - 1
_HUGE = 1 << 64
_REPEATS = (_constants.MAX_REPEAT, _constants.MIN_REPEAT)


@dataclass(frozen=True)
class _Part:
    """Describe a part of a pattern: what it can begin with, the steps and the ways of matching it."""

    first: int = 0  # characters, as bits
    empty: bool = True  # whether it can match nothing
    literal: str = ""  # what every match begins with
    steps: int = 1
    ways: int = 1


def most_steps(pattern: str) -> int:
    """Return a bound on the steps that a search in the longest line takes. Raises re.error."""
    parsed: Any = _parser.parse(pattern)
    anchored = bool(parsed) and parsed[0] == (_constants.AT, _constants.AT_BEGINNING)
    whole = _Bound(ignore_case="(?i" in pattern).sequence(parsed, _Part())
    return whole.steps * (1 if anchored else LONGEST_LINE // max(1, len(whole.literal)))


@dataclass(frozen=True)
class _Bound:
    ignore_case: bool

    def sequence(self, items: Iterable[Any], after: _Part) -> _Part:
        """Return parts as one: with what they and what comes after them can begin with, and their own steps."""
        steps, ways, empty = 1, 1, True
        for operation, argument in reversed(list(items)):
            part = self._one(operation, argument, after)
            steps = min(part.steps + part.ways * steps, _HUGE)
            ways = min(part.ways * ways, _HUGE)
            empty = empty and part.empty
            literal = "" if part.empty else part.literal
            if operation is _constants.LITERAL:
                literal += after.literal
            after = _Part(part.first | (after.first if part.empty else 0), part.empty and after.empty, literal)
        return replace(after, steps=steps, ways=ways, empty=empty)

    def _one(self, operation: Any, argument: Any, after: _Part) -> _Part:
        if operation in _REPEATS:
            return self._repeat(argument, after)
        if operation is _constants.SUBPATTERN:
            return self.sequence(argument[3], after)
        if operation is _constants.BRANCH:
            return _branches([self.sequence(branch, after) for branch in argument[1]])
        if operation is _constants.AT:
            at_end = argument is _constants.AT_END
            return _Part(0 if at_end else _ALL, not at_end)
        literal = chr(argument) if operation is _constants.LITERAL else ""
        return _Part(self._characters(operation, argument), False, literal)

    def _repeat(self, argument: Any, after: _Part) -> _Part:
        least, most, body = argument
        alone = self.sequence(body, _Part())
        inner = self.sequence(body, _Part(alone.first | after.first))
        rounds = min(int(most), LONGEST_LINE)
        ends = 1
        if alone.first & after.first:
            ends += (rounds - min(least, rounds)) // max(1, len(after.literal))
        each = max(inner.ways, 2 if alone.empty and rounds > 1 else 1)
        empty = not least or alone.empty
        if each == 1:  # one round, and no other, looks at a character
            steps = min(inner.steps * rounds, inner.steps + 8 * LONGEST_LINE)
            return _Part(alone.first, empty, alone.literal, steps, ends)
        ways = each ** min(rounds, 64)
        return _Part(alone.first, empty, alone.literal, inner.steps * ways // each, ends * ways)

    def _characters(self, operation: Any, argument: Any) -> int:
        if operation is _constants.LITERAL:
            return self._bits(range(argument, argument + 1))
        if operation is _constants.NOT_LITERAL:
            return _ALL if argument >= _LATIN else _ALL & ~_bit(argument)
        if operation is _constants.RANGE:
            return self._bits(range(argument[0], argument[1] + 1))
        if operation is _constants.CATEGORY:
            return _CATEGORIES.get(argument, _ALL)
        if operation is _constants.IN:
            negated = argument[0][0] is _constants.NEGATE
            found = reduce(or_, (self._characters(*part) for part in argument[negated:]))
            return (_ALL & ~found) | _bit(_LATIN) if negated else found
        return _ALL  # any character, and what rules cannot hold

    def _bits(self, codes: range) -> int:
        low = range(codes.start, min(codes.stop, _LATIN))
        found = _bit(_LATIN) if codes.stop > _LATIN else 0
        return reduce(or_, map(_bit, (code for one in low for code in self._cases(one))), found)

    def _cases(self, code: int) -> Iterator[int]:
        yield code
        if self.ignore_case:
            yield from (ord(one) for one in (chr(code).lower(), chr(code).upper()) if len(one) == 1)


def _branches(branches: Sequence[_Part]) -> _Part:
    ways = [branch.ways for branch in branches]
    return _Part(
        reduce(or_, (branch.first for branch in branches)),
        any(branch.empty for branch in branches),
        min((branch.literal for branch in branches), key=len),
        min(sum(branch.steps for branch in branches), _HUGE),
        max(ways) if all(_differ(*pair) for pair in combinations(branches, 2)) else min(sum(ways), _HUGE),
    )


def _differ(one: _Part, other: _Part) -> bool:
    """Return whether only one of two branches can match at a place."""
    size = min(len(one.literal), len(other.literal))
    return not one.first & other.first or one.literal[:size].lower() != other.literal[:size].lower()


def _bit(code: int) -> int:
    return 1 << min(code, _LATIN)


def _that(test: Callable[[str], bool]) -> int:
    return reduce(or_, (_bit(code) for code in range(_LATIN) if test(chr(code)))) | _bit(_LATIN)


_CATEGORIES = {
    _constants.CATEGORY_DIGIT: _that(str.isdigit),
    _constants.CATEGORY_NOT_DIGIT: _that(lambda one: not one.isdigit()),
    _constants.CATEGORY_SPACE: _that(str.isspace),
    _constants.CATEGORY_NOT_SPACE: _that(lambda one: not one.isspace()),
    _constants.CATEGORY_WORD: _that(lambda one: one.isalnum() or one == "_"),
    _constants.CATEGORY_NOT_WORD: _that(lambda one: not (one.isalnum() or one == "_")),
}
