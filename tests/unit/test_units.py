"""Sizes, ages and counts: one parser of them, whoever asks."""

from __future__ import annotations

import re

import pytest

from accel_doctor.units import AGE, SIZE


@pytest.mark.parametrize(
    ("text", "size"),
    [("5GB", 5e9), ("500 mb", 5e8), ("2GiB", 2 << 30), ("1.5k", 1500), ("7", 7), ("10T", 10e12), (" 3 B ", 3)],
)
def test_sizes(text, size):
    assert SIZE.parse(text) == size


@pytest.mark.parametrize(("text", "age"), [("30d", 30 * 86400), ("12H", 12 * 3600), ("2w", 14 * 86400), ("5m", 300)])
def test_ages(text, age):
    assert AGE.parse(text) == age


@pytest.mark.parametrize("text", ["", "much", "-1GB", "1XB", "1e9", "1_000", "٣GB"])
def test_anything_else_is_refused_with_the_form(text):
    message = f"{text!r} is not a size: a number and a unit, such as 5GB, 500MB or 2GiB"
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        SIZE.parse(text)


def test_an_age_needs_a_unit():
    with pytest.raises(ValueError, match=r"^'30' is not an age: a number and a unit, such as 30d, 12h or 2w$"):
        AGE.parse("30")
