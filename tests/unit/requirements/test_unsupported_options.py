"""pip options that accel-doctor does not support."""

from __future__ import annotations

import pytest

from accel_doctor.requirements.unsupported_options import HARMLESS, INSTEAD, UNSUPPORTED_KEYS, unsupported


@pytest.mark.parametrize(
    ("option", "hint"),
    [
        ("--root", "use --prefix or --target, or install inside the other root"),
        ("--root=/mnt", "use --prefix or --target, or install inside the other root"),
        ("-I", "use --force-reinstall, which removes the old files too"),
        ("--source-directory", "clone the repository yourself and install it with -e PATH"),
    ],
)
def test_each_says_what_to_use_instead(option, hint):
    error = unsupported(option)
    assert error.message == f"accel-doctor does not support {option}"
    assert error.hint == hint


def test_an_option_nobody_has():
    error = unsupported("--frobnicate")
    assert error.message == "no such option: --frobnicate"
    assert error.hint is None


def test_no_option_is_both_harmless_and_missing():
    assert not HARMLESS.keys() & INSTEAD.keys()


def test_only_keys_that_change_what_is_installed_stop_a_run():
    assert "platform" in UNSUPPORTED_KEYS
    assert "no-color" not in UNSUPPORTED_KEYS
