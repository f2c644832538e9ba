"""Lock files on disk."""

from __future__ import annotations

import pytest

from accel_doctor.errors import ToolError
from accel_doctor.frontends.lock_files import read_lock, write_lock

LOCK = """
lock-version = "1.0"
created-by = "uv"

[[packages]]
name = "a"
directory = { path = "../a", editable = true }

[[packages]]
name = "b"
version = "1"
archive = { path = "b-1.zip", hashes = { sha256 = "ab" } }

[[packages]]
name = "c"
version = "1"
sdist = { url = "https://h/c-1.tar.gz", upload-time = 2020-01-01T00:00:00Z, hashes = { sha256 = "ab" } }
wheels = [{ path = "/w/c-1-py3-none-any.whl", hashes = { sha256 = "cd" } }]
""".replace('"ab"', '"' + "ab" * 32 + '"').replace('"cd"', '"' + "cd" * 32 + '"')


def test_paths_become_absolute(tmp_path):
    path = tmp_path / "lock" / "pylock.toml"
    path.parent.mkdir()
    path.write_text(LOCK)
    a, b, c = read_lock(path).packages
    assert a.directory.path == str(tmp_path / "a")
    assert b.archive.path == str(tmp_path / "lock" / "b-1.zip")
    assert c.sdist.url == "https://h/c-1.tar.gz"
    assert c.wheels[0].path == "/w/c-1-py3-none-any.whl"


def test_what_is_written_is_read_again(tmp_path):
    path = tmp_path / "pylock.toml"
    path.write_text(LOCK)
    lock = read_lock(path)
    again = write_lock(lock, tmp_path / "again")
    assert again.name == "pylock.toml"
    assert read_lock(again) == lock


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("no toml", "Expected '=' after a key"),
        ('lock-version = "1.0"\n', "Missing required value in 'created-by'"),
    ],
)
def test_what_is_no_lock(tmp_path, content, reason):
    path = tmp_path / "pylock.toml"
    path.write_text(content)
    with pytest.raises(ToolError, match=r"^cannot use the lock .*pylock\.toml: ") as caught:
        read_lock(path)
    assert reason in caught.value.message
