"""Builds find the bytecode of the standard library where they look for it."""

from __future__ import annotations

import os
import py_compile
import sys
from importlib.util import cache_from_source
from pathlib import Path

import pytest
from fakes import interpreter

from accel_doctor.builder.bytecode import LibraryBytecode

MODULES = ("ast.py", "json/decoder.py", "email/mime/text.py")
LEFT_OUT = ("test/test_ast.py", "site-packages/six.py", "idlelib/run.py")


@pytest.fixture
def library(tmp_path: Path) -> Path:
    """A standard library of the running Python's version, compiled."""
    library = tmp_path / "usr" / "lib" / "python{}.{}".format(*sys.version_info)
    for name in (*MODULES, *LEFT_OUT):
        (library / name).parent.mkdir(parents=True, exist_ok=True)
        (library / name).write_text("")
        for level in (0, 1):
            py_compile.compile(str(library / name), optimize=level)
    return library


@pytest.fixture
def bytecode(library: Path, tmp_path: Path) -> LibraryBytecode:
    version, tag = "{}.{}.{}".format(*sys.version_info), str(sys.implementation.cache_tag)
    described = interpreter(base_prefix=library.parents[1], version=version, cache_tag=tag)
    return LibraryBytecode(described, tmp_path)


def test_python_finds_it_below_the_directory_of_each_build(bytecode, library, tmp_path, monkeypatch):
    own = {name: Path(cache_from_source(library / name)) for name in (*MODULES, *LEFT_OUT)}
    for build in ("a", "b"):
        bytecode.offer(tmp_path / build)
        monkeypatch.setattr(sys, "pycache_prefix", str(tmp_path / build))
        found = {name: Path(cache_from_source(library / name)) for name in (*MODULES, *LEFT_OUT)}
        assert [name for name, path in found.items() if path.exists()] == list(MODULES)
        assert all(found[name].samefile(own[name]) for name in MODULES)
        assert not Path(cache_from_source(library / "ast.py", optimization="1")).exists()


def test_other_users_can_read_it(bytecode, tmp_path):
    before = os.umask(0o077)
    try:
        bytecode.offer(tmp_path / "build")
    finally:
        os.umask(before)
    assert {path.stat().st_mode & 0o777 for path in bytecode.place.rglob("*") if path.is_dir()} == {0o755}


def test_a_library_without_bytecode_is_left_alone(tmp_path):
    bytecode = LibraryBytecode(interpreter(base_prefix=tmp_path), tmp_path)
    bytecode.offer(tmp_path / "build")
    assert not (tmp_path / "build").exists()
