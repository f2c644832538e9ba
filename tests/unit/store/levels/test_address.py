"""Addresses of shared levels."""

from __future__ import annotations

import pytest

from accel_doctor.errors import UsageError
from accel_doctor.store.levels.address import LevelAddress, parse_address


def test_a_bucket_keeps_its_case_and_its_prefix_loses_slashes():
    address = parse_address("s3://Bucket/some/prefix/?region=eu-west-1&endpoint=http://localhost:9000&read-only")
    assert address == LevelAddress(
        "s3://Bucket/some/prefix/",
        "s3",
        "Bucket",
        "/some/prefix/",
        read_only=True,
        region="eu-west-1",
        endpoint="http://localhost:9000",
    )
    assert address.prefix == "some/prefix"


@pytest.mark.parametrize(
    ("text", "scheme", "path"),
    [
        ("/srv/wheels", "file", "/srv/wheels"),
        ("file:///srv/my%20wheels", "file", "/srv/my wheels"),
        ("wheels?read-only=no", "file", "wheels"),
        ("HTTPS://host/a", "https", "/a"),
    ],
)
def test_paths_and_schemes(text, scheme, path):
    address = parse_address(text)
    assert (address.scheme, address.path, address.read_only) == (scheme, path, False)


def test_what_people_see_has_no_password():
    assert parse_address("https://me:secret@host/x").name == "https://****@host/x"


HINT = (
    "options: read-only, anonymous; with a value: endpoint, region, account, profile, "
    "timeout (seconds, up to 600), retries (up to 10)"
)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("s3://b?timeout=soon", "shared level s3://b: invalid value for option 'timeout'"),
        ("s3://b?timeout=inf", "shared level s3://b: invalid value for option 'timeout'"),
        ("s3://b?timeout=0", "shared level s3://b: invalid value for option 'timeout'"),
        ("s3://b?retries=99", "shared level s3://b: invalid value for option 'retries'"),
        ("s3://b?read-only=perhaps", "shared level s3://b: invalid value for option 'read-only'"),
        ("s3://b?region=", "shared level s3://b: invalid value for option 'region'"),
        ("s3://b?AKIA123=secret", "shared level s3://b: unknown option"),
        ("https://me:pa?ss@host/", "shared level https://****@host/: unknown option"),
    ],
)
def test_options_that_cannot_be_used_are_told_without_secrets(text, message):
    with pytest.raises(UsageError) as caught:
        parse_address(text)
    assert caught.value.message == message
    assert caught.value.hint == HINT


def test_a_port_that_is_none():
    with pytest.raises(UsageError, match="^invalid shared level address http://host:port: "):
        parse_address("http://host:port")
