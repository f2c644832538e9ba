"""The cache of a run."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest
from fakes import FakeReporter

from accel_doctor.cli.caches import usable_cache


@pytest.fixture
def notes():
    return FakeReporter()


def test_the_chosen_directory_is_made(tmp_path, notes):
    assert usable_cache(tmp_path / "a/b", notes) == tmp_path / "a/b"
    assert (tmp_path / "a/b").is_dir()
    assert notes.notes == []


def test_where_none_can_be_made_a_temporary_one_takes_its_place(tmp_path, notes):
    (tmp_path / "file").write_text("")
    found = usable_cache(tmp_path / "file/cache", notes)
    assert found.name.startswith("accel-doctor-cache-")
    assert notes.notes == [f"not using a cache: cannot write to {tmp_path}/file/cache: Not a directory"]
    found.rmdir()


def test_a_file_is_no_directory(tmp_path, notes):
    (tmp_path / "file").write_text("")
    usable_cache(tmp_path / "file", notes).rmdir()
    assert notes.notes == [f"not using a cache: cannot write to {tmp_path}/file: Not a directory"]


def test_one_that_holds_something_is_read_though_it_cannot_be_written(tmp_path, notes, monkeypatch):
    (usable_cache(tmp_path / "cache", notes) / "wheels").mkdir()
    monkeypatch.setattr("accel_doctor.cli.caches.check_writable", full)
    assert usable_cache(tmp_path / "cache", notes) == tmp_path / "cache"
    assert notes.notes == []


def full(directory: Path) -> None:
    raise OSError(errno.ENOSPC, "No space left on device")
