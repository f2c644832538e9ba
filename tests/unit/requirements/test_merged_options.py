"""--no-binary and --only-binary."""

from __future__ import annotations

import pytest

from accel_doctor.errors import UsageError
from accel_doctor.requirements.merged_options import settle

NO, ONLY = "no-binary", "only-binary"


@pytest.mark.parametrize(
    ("options", "no_binary", "only_binary"),
    [
        ([], (), ()),
        ([(NO, "B_b,a")], ("a", "b-b"), ()),
        ([(NO, "a"), (ONLY, "a")], (), ("a",)),
        ([(NO, "a,b"), (ONLY, ":all:")], (), (":all:",)),
        ([(ONLY, ":all:"), (NO, "a")], ("a",), (":all:",)),
        ([(NO, "a"), (NO, ":none:"), (NO, "b")], ("b",), ()),
        ([(NO, ":all:,a")], (":all:",), ()),
        ([(NO, ":all:,:none:,a")], ("a",), ()),
        ([(NO, ""), (NO, "a")], ("a",), ()),
        ([(NO, ":none:,a")], ("a",), ()),
    ],
)
def test_the_later_option_wins(options, no_binary, only_binary):
    assert settle(options) == (no_binary, only_binary)


def test_a_value_is_needed():
    with pytest.raises(UsageError, match=r"^--no-binary / --only-binary option requires 1 argument\.$"):
        settle([(NO, "-r")])
