"""What pip-accel's variables and our own options mean."""

from __future__ import annotations

from pathlib import Path

import pytest
from fakes import FakeReporter

from accel_doctor.cli.levels import LevelSettings, level_settings
from accel_doctor.cli.pip_accel import pip_accel_level, pip_accel_notice

NONE = {
    "level": (),
    "signing_key": None,
    "trusted_key": (),
    "require_signature": False,
    "cache_dir": None,
    "dry_run": False,
}


@pytest.mark.parametrize(
    ("variables", "level"),
    [
        ({}, None),
        ({"PIP_ACCEL_S3_PREFIX": "x"}, None),
        ({"PIP_ACCEL_S3_BUCKET": "b"}, "s3://b"),
        ({"PIP_ACCEL_S3_BUCKET": "b", "PIP_ACCEL_S3_URL": "https://s3.amazonaws.com"}, "s3://b"),
        (
            {
                "PIP_ACCEL_S3_BUCKET": "b",
                "PIP_ACCEL_S3_PREFIX": "/debian/12 x/",
                "PIP_ACCEL_S3_URL": "http://localhost:12345",
                "PIP_ACCEL_S3_READONLY": "true",
            },
            "s3://b/debian/12%20x?endpoint=http%3A%2F%2Flocalhost%3A12345&read-only=true",
        ),
        ({"PIP_ACCEL_S3_BUCKET": "b", "PIP_ACCEL_S3_READONLY": "false"}, "s3://b"),
    ],
)
def test_pip_accels_bucket_as_a_level(variables, level):
    assert pip_accel_level(variables) == level


def test_pip_accels_bucket_yields_to_levels_of_our_own():
    variables = {"PIP_ACCEL_S3_BUCKET": "b"}
    assert level_settings(NONE, variables, offline=False) == LevelSettings(("s3://b",))
    assert level_settings({**NONE, "level": ("/srv",)}, variables, offline=False) == LevelSettings(("/srv",))
    assert pip_accel_notice(NONE, variables) == (
        "using pip-accel's variables: PIP_ACCEL_S3_BUCKET as ACCEL_DOCTOR_LEVELS=s3://b"
    )
    assert pip_accel_notice({**NONE, "level": ("/srv",)}, variables) is None


def test_a_rehearsal_writes_nowhere(tmp_path):
    settings = level_settings({**NONE, "level": (str(tmp_path),), "dry_run": True}, {}, offline=False)
    [level], _ = settings.opened({}, tmp_path, FakeReporter())
    assert (level.usable, level.writable) == (True, False)


def test_an_offline_run_has_no_levels():
    values = {**NONE, "level": ("/srv",), "signing_key": "k", "trusted_key": ("t",), "require_signature": True}
    assert level_settings(values, {}, offline=True) == LevelSettings()
    assert level_settings(values, {}, offline=False) == LevelSettings(("/srv",), Path("k"), (Path("t"),), True)
