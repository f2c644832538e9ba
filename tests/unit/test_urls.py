"""Passwords stay out of what is shown."""

from __future__ import annotations

from pathlib import Path

import pytest

from accel_doctor.urls import local_path, redacted


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("--index-url https://me:secret@host/simple", "--index-url https://****@host/simple"),
        ("git+https://token@github.com/x/y", "git+https://****@github.com/x/y"),
        ("'https://a:b@h/1' 'https://c:d@h/2'", "'https://****@h/1' 'https://****@h/2'"),
        ("https://host/path@1.0", "https://host/path@1.0"),
        ("name @ https://host/x", "name @ https://host/x"),
    ],
)
def test_users_and_passwords_in_urls_are_hidden(text, shown):
    assert redacted(text) == shown


@pytest.mark.parametrize(
    ("location", "path"),
    [("/a/b.whl", "/a/b.whl"), ("b.whl", "b.whl"), ("file:///a%20b", "/a b"), ("https://host/a", None)],
)
def test_local_paths(location, path):
    assert local_path(location) == (Path(path) if path else None)
