"""Words in messages."""

from __future__ import annotations

import pytest

from accel_doctor.wording import count, shortened


@pytest.mark.parametrize(("number", "text"), [(0, "0 wheels"), (1, "1 wheel"), (2, "2 wheels")])
def test_numbers_agree_with_their_nouns(number, text):
    assert count(number, "wheel") == text


def test_what_is_too_long_is_cut():
    assert shortened(" abc\x1bdef ", 5) == "abc�…"
