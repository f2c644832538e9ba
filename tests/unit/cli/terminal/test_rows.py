"""The table at any size: columns fit, what does not fit is summed, nothing is "..."."""

from __future__ import annotations

import pytest

from accel_doctor.cli.terminal.rows import Row, amount_text, duration, table
from accel_doctor.model.builds import BYTES, Amount


def texts(*arguments, **settings):
    return ["".join(part for part, _ in line).rstrip() for line in table(*arguments, **settings)]


ROWS = [
    Row("numpy 2.4.0", "compile", 72.4, Amount(173, 490)),
    Row("psycopg2 2.9.10", "build requirements", 3.0),
    Row("opentelemetry-instrumentation-fastapi 0.60", "compile", 1.0, Amount(45, 100, "%")),
]


def test_wide():
    assert texts(ROWS, 31, 120, 20) == [
        "  numpy 2.4.0                                 compile 173 of 490  ━━━━━━━─────────────  1 min 12 s",
        "  psycopg2 2.9.10                             build requirements                               3 s",
        "  opentelemetry-instrumentation-fastapi 0.60  compile 45 %        ━━━━━━━━━───────────         1 s",
        "  31 waiting",
    ]


@pytest.mark.parametrize("width", [40, 41, 60, 79, 80, 81, 200])
def test_every_line_fits(width):
    for line in texts(ROWS, 31, width, 20):
        assert len(line) < width
        assert "..." not in line


def test_narrow_rows_still_say_what_and_how_far():
    assert texts(ROWS[:1], 0, 40, 20) == ["  numpy 2.4.0  173 of 490    1 min 12 s"]
    assert texts(ROWS[:1], 0, 46, 20) == ["  numpy 2.4.0  compile 173 of 490  1 min 12 s"]


def test_rows_that_do_not_fit_are_summed():
    many = [Row(f"p{number} 1", "compile", 60 - number) for number in range(50)]
    lines = texts(many, 31, 80, 10)
    assert len(lines) == 10
    assert lines[0].startswith("  p0 1  compile")
    assert lines[-1] == "  41 more running, 31 waiting"


def test_rows_that_all_fit_need_no_sum():
    assert len(texts(ROWS, 0, 80, 3)) == 3


def test_a_bar_only_where_a_total_is_known():
    assert "━" not in "".join(texts([Row("x", "compile", 1, Amount(12, None, "file"))], 0, 120, 9))
    assert "#" in "".join(texts([Row("x", "compile", 1, Amount(12, 24))], 0, 120, 9, unicode=False))


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        (Amount(12, 45), "12 of 45"),
        (Amount(45, 100, "%"), "45 %"),
        (Amount(1, None, "crate"), "1 crate"),
        (Amount(12, None, "file"), "12 files"),
        (Amount(3_200_000, 16_400_000, BYTES), "3.2 MB of 16.4 MB"),
        (Amount(3_200_000, None, BYTES), "3.2 MB"),
    ],
)
def test_amounts(amount, text):
    assert amount_text(amount) == text


def test_durations():
    assert [duration(seconds) for seconds in (0.4, 59.9, 60, 3725)] == ["0 s", "59 s", "1 min 00 s", "62 min 05 s"]
