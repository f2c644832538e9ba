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
    "options: read-only, anonymous (switches); endpoint, region, account, profile (words); "
    "timeout (seconds, up to 600); retries (up to 10)"
)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("s3://b?timeout=soon", "the shared level s3://b has the value of 'timeout' that cannot be used"),
        ("s3://b?timeout=inf", "the shared level s3://b has the value of 'timeout' that cannot be used"),
        ("s3://b?timeout=0", "the shared level s3://b has the value of 'timeout' that cannot be used"),
        ("s3://b?retries=99", "the shared level s3://b has the value of 'retries' that cannot be used"),
        ("s3://b?read-only=perhaps", "the shared level s3://b has the value of 'read-only' that cannot be used"),
        ("s3://b?region=", "the shared level s3://b has the value of 'region' that cannot be used"),
        ("s3://b?AKIA123=secret", "the shared level s3://b has an option that cannot be used"),
        ("https://me:pa?ss@host/", "the shared level https://****@host/ has an option that cannot be used"),
    ],
)
def test_options_that_cannot_be_used_are_told_without_secrets(text, message):
    with pytest.raises(UsageError) as caught:
        parse_address(text)
    assert caught.value.message == message
    assert caught.value.hint == HINT


def test_a_port_that_is_none():
    with pytest.raises(UsageError, match="http://host:port is not the address of a shared level: "):
        parse_address("http://host:port")
