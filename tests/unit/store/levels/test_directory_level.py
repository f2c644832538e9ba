"""The level in a directory, and the table of levels."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

import accel_doctor
from accel_doctor.errors import LevelError, UsageError
from accel_doctor.store.levels.opening import BACKENDS, open_level

NAME = "wheels/v2/ab/entry.json"


@pytest.fixture
def mounted(tmp_path):
    path = tmp_path / "mounted"
    path.mkdir()
    return path


@pytest.fixture
def level(mounted):
    return open_level(str(mounted), {}, mounted)


def test_what_was_sent_comes_back_and_the_last_writer_stays(level, mounted, tmp_path):
    source, target = tmp_path / "source", tmp_path / "target"
    assert level.fetch(NAME, target, 10) is False
    for content in (b"first", b"second"):
        source.write_bytes(content)
        level.send(NAME, source)
        assert level.fetch(NAME, target, 10) is True
        assert target.read_bytes() == content
    assert [path.name for path in (mounted / "wheels/v2/ab").iterdir()] == ["entry.json"]


def test_others_may_read_what_was_written(level, mounted, tmp_path):
    (tmp_path / "source").write_bytes(b"x")
    (tmp_path / "source").chmod(0o600)
    before = os.umask(0o022)
    try:
        level.send(NAME, tmp_path / "source")
    finally:
        os.umask(before)
    assert (mounted / NAME).stat().st_mode & 0o777 == 0o644


def test_a_directory_that_is_not_mounted_is_not_made(tmp_path):
    level = open_level("absent", {}, tmp_path)
    with pytest.raises(LevelError, match=r"^no such directory \(is it mounted\?\)$"):
        level.send(NAME, tmp_path)
    with pytest.raises(LevelError, match=r"^no such directory \(is it mounted\?\)$"):
        level.fetch(NAME, tmp_path / "target", 10)
    assert not (tmp_path / "absent").exists()


def test_what_is_too_large_or_no_file_is_refused(level, mounted, tmp_path):
    (mounted / "large").write_bytes(b"x" * 11)
    with pytest.raises(LevelError, match=r"^large: larger than 10 bytes$"):
        level.fetch("large", tmp_path / "target", 10)
    os.mkfifo(mounted / "pipe")
    with pytest.raises(LevelError, match=r"^pipe: not a regular file$"):
        level.fetch("pipe", tmp_path / "target", 10)
    (mounted / "wheels").write_text("in the way")
    assert level.fetch(NAME, tmp_path / "target", 10) is False
    with pytest.raises(LevelError, match="^cannot write wheels/v2/ab/entry.json: "):
        level.send(NAME, mounted / "large")


@pytest.mark.parametrize("query", ["", "?read-only=0", "?read-only", "?read-only=true"])
def test_read_only(mounted, query):
    assert open_level(f"file://{mounted}{query}", {}, mounted).writable is (query in {"", "?read-only=0"})


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("file://server/share", "file://server/share: not a local directory"),
        ("ftp://host/x", "shared level ftp://host/x: unknown scheme 'ftp'"),
    ],
)
def test_addresses_of_no_level(text, message, tmp_path):
    with pytest.raises(UsageError) as caught:
        open_level(text, {}, tmp_path)
    assert caught.value.message == message


SOURCES = {path: path.read_text() for path in Path(accel_doctor.__file__).parent.rglob("*.py")}


@pytest.mark.parametrize("backend", sorted(set(BACKENDS.values())))
def test_a_backend_has_two_homes_its_module_and_the_table(backend):
    module, _, name = backend.rpartition(".")[2].partition(":")
    homes = [path.stem for path, text in SOURCES.items() if re.search(rf"\b{name}\b", text)]
    assert sorted(homes) == sorted([module, "opening"])


def test_other_packages_add_schemes(tmp_path, monkeypatch):
    package = tmp_path / "ours-1.dist-info"
    package.mkdir()
    (package / "METADATA").write_text("Metadata-Version: 2.1\nName: ours\nVersion: 1\n")
    (package / "entry_points.txt").write_text("[accel_doctor.cache_backends]\nours = ours_of_a_test:opened\n")
    (tmp_path / "ours_of_a_test.py").write_text("def opened(address, environment): return address.host, environment\n")
    monkeypatch.syspath_prepend(tmp_path)
    assert open_level("ours://place/x", {"TOKEN": "1"}, tmp_path) == ("place", {"TOKEN": "1"})
    with pytest.raises(UsageError) as caught:
        open_level("other://place", {}, tmp_path)
    assert caught.value.hint == "known schemes: az, file, gs, http, https, ours, s3; or give a path"
