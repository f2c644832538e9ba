"""What libraries define, remembered between runs."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from paths import LINKED

from accel_doctor.system.loader import library_versions
from accel_doctor.system.loader.library_versions import LibraryVersions


@pytest.fixture
def library(tmp_path):
    return Path(shutil.copy(LINKED / "libshelf.so.1", tmp_path / "libshelf.so.1"))


def unread(stream):
    raise AssertionError("this was read before")


def test_a_library_is_not_read_again_in_the_next_run(library, tmp_path, monkeypatch):
    memory = tmp_path / "cache" / "libraries.json"
    assert LibraryVersions(memory).of(library) == {"libshelf.so.1", "SHELF_1", "SHELF_2"}
    assert [path.name for path in memory.parent.iterdir()] == ["libraries.json"]
    monkeypatch.setattr(library_versions, "read_elf", unread)
    assert LibraryVersions(memory).of(library) == {"libshelf.so.1", "SHELF_1", "SHELF_2"}


def test_another_file_at_the_same_path_is_read(library, tmp_path):
    memory = tmp_path / "libraries.json"
    LibraryVersions(memory).of(library)
    shutil.copy(LINKED / "old/libshelf.so.1", library)
    assert LibraryVersions(memory).of(library) == {"libshelf.so.1", "SHELF_1"}


@pytest.mark.parametrize("text", ["", "[]", '{"x": 1}', '{"x": ["a", 1, []]}', "[" * 100_000, "{" * 100_000, "\udcff"])
def test_a_memory_that_is_no_memory_is_written_anew(library, tmp_path, text):
    memory = tmp_path / "libraries.json"
    memory.write_text(text, errors="surrogateescape")
    assert "SHELF_2" in LibraryVersions(memory).of(library)
    assert str(library) in memory.read_text()


def test_a_memory_that_cannot_be_written_does_no_harm(library, tmp_path):
    (tmp_path / "file").write_text("")
    assert "SHELF_2" in LibraryVersions(tmp_path / "file" / "libraries.json").of(library)


def test_what_cannot_be_read_defines_nothing(tmp_path):
    assert LibraryVersions().of(tmp_path / "gone.so") == frozenset()


def test_a_library_replaced_within_a_run_is_read_again(library):
    versions = LibraryVersions()
    versions.of(library)
    shutil.copy(LINKED / "plain.so", library)
    os.utime(library, (0, 0))
    assert versions.of(library) == frozenset()
