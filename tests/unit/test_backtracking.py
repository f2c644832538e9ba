"""The count of characters that a backtracking engine looks at."""

import pytest
from backtracking import MOST_WORK, Pattern, hostile_lines

from accel_doctor.diagnosis.cleaning import MAXIMUM_LENGTH


@pytest.mark.parametrize(
    ("pattern", "line", "looked_at"),
    [
        ("ab", "ab", 2 + 1),
        ("ab", "aab", 2 + 2 + 1),
        ("^ab", "xab", 1),
        ("ab|b", "b", 1 + 1),
        ("a+b", "aaa", 4 + 3 + 2 + 3 + 2 + 1),  # every a, what follows it, and b at each place on the way back
        ("a{0,300}b", "b", 1 + 1),
        (r"\bb", "ab b", 1 + 1 + 1 + 1),
        ("[^a]", "ab", 1 + 1),
    ],
)
def test_characters_are_counted(pattern, line, looked_at):
    assert Pattern(pattern).characters_looked_at(line) == looked_at


def dearest(pattern: str, text: str) -> float:
    counted = Pattern(pattern)
    return max(counted.work(lines, MAXIMUM_LENGTH) for lines in hostile_lines([text]))


@pytest.mark.parametrize(
    "pattern",
    [
        r"[a-z.]+\.h: lacks",  # begins anywhere, and each time goes to the end: quadratic
        r"lacks .*a.*b.*c: d",
        r"(?:a+)+b: lacks",
    ],
)
def test_what_takes_much_is_seen(pattern):
    assert dearest(pattern, "lacks ") > MOST_WORK


@pytest.mark.parametrize("pattern", [r"lacks (?P<name>[a-z]+)", r"^\S+: lacks .* of", r"error: .{0,80} lacks"])
def test_what_takes_little_passes(pattern):
    assert dearest(pattern, "lacks ") < MOST_WORK / 10
