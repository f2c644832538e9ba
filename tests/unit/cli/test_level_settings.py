"""What pip-accel's variables and our own options mean."""

from __future__ import annotations

from pathlib import Path

import pytest
from fakes import FakeReporter

from accel_doctor.cli.configuration import pip_accel_level, pip_accel_notice
from accel_doctor.cli.options import LevelOptions
from accel_doctor.store.levels.opening import LevelSettings


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
    assert LevelOptions().settings(variables, offline=False) == LevelSettings(("s3://b",))
    assert LevelOptions(("/srv",)).settings(variables, offline=False) == LevelSettings(("/srv",))
    assert pip_accel_notice({}, variables) == (
        "using pip-accel's variables: PIP_ACCEL_S3_BUCKET as ACCEL_DOCTOR_LEVELS=s3://b"
    )
    assert pip_accel_notice({"level": ("/srv",)}, variables) is None


def test_a_rehearsal_writes_nowhere(tmp_path):
    settings = LevelOptions((str(tmp_path),)).settings({}, offline=False, dry_run=True)
    [level], _ = settings.opened({}, tmp_path, FakeReporter())
    assert (level.usable, level.writable) == (True, False)


def test_an_offline_run_has_no_levels():
    options = LevelOptions(("/srv",), "k", ("t",), True)
    assert options.settings({}, offline=True) is None
    assert options.settings({}, offline=False) == LevelSettings(("/srv",), Path("k"), (Path("t"),), True)
