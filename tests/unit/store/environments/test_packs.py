"""Packs: what goes in comes out, and nothing else does."""

from __future__ import annotations

import hashlib
import importlib
import py_compile
from pathlib import Path

import pytest

from accel_doctor.store.environments import packs
from accel_doctor.store.environments.packs import DamagedPackError, pack_digest, read_pack, write_pack
from accel_doctor.store.environments.pool import TIME, Pool, portable_bytecode

CONTENTS = [b"", b"one\n", bytes(range(256)) * 100]


@pytest.fixture
def pool(tmp_path):
    pool = Pool(tmp_path / "pool", tmp_path / "aside")
    pool.prepare()
    return pool


@pytest.fixture(params=["zstd", "gzip"])
def packed(request, pool, tmp_path, monkeypatch):
    if request.param == "gzip":
        monkeypatch.setattr(packs, "find_zstd", lambda: None)
    sizes = {pool.add(content, executable): len(content) for content in CONTENTS for executable in (False, True)}
    path = tmp_path / "pack"
    write_pack(path, sizes, pool.path)
    return path, sizes


def contents(path, sizes, wanted=None):
    found = {}
    read_pack(
        path, pack_digest(sizes), sizes if wanted is None else wanted,
        lambda piece, blocks: found.update({piece: b"".join(blocks)}),
    )  # fmt: skip
    return found


def test_what_goes_in_comes_out(packed):
    path, sizes = packed
    found = contents(path, sizes)
    assert {piece: len(content) for piece, content in found.items()} == sizes
    assert all(hashlib.sha256(content).hexdigest() == piece[:64] for piece, content in found.items())
    one = sorted(sizes)[3]
    assert set(contents(path, sizes, {one})) == {one}


def test_every_damage_is_seen(packed):
    path, sizes = packed
    whole = path.read_bytes()
    for damaged in (b"", whole[:3], whole[: len(whole) // 2], whole[:40] + bytes([whole[40] ^ 1]) + whole[41:]):
        path.write_bytes(damaged)
        with pytest.raises(DamagedPackError):
            contents(path, sizes)
    path.write_bytes(whole)
    with pytest.raises(DamagedPackError, match="^pack digest mismatch: expected "):
        contents(path, {"0" * 64: 1})


def test_a_piece_that_was_changed_is_not_packed(pool, tmp_path):
    piece = pool.add(b"as it was", False)
    with Path(pool.path(piece)).open("r+b") as file:
        file.write(b"otherwise")
    with pytest.raises(DamagedPackError, match="was changed while it was packed"):
        write_pack(tmp_path / "pack", {piece: 9}, pool.path)


def test_a_piece_that_was_changed_is_written_anew_when_it_comes_again(pool):
    piece = pool.add(b"as it was", False)
    with Path(pool.path(piece)).open("r+b") as file:
        file.write(b"otherwise")
    assert pool.add(b"as it was", False) == piece
    assert Path(pool.path(piece)).read_bytes() == b"as it was"


def test_bytecode_is_made_valid_for_the_pools_time(tmp_path):
    source = tmp_path / "x.py"
    source.write_text("X = 1\n")
    compiled = tmp_path / "x.pyc"
    py_compile.compile(str(source), str(compiled), doraise=True)
    facts = source.stat()
    portable = portable_bytecode(compiled.read_bytes(), int(facts.st_mtime), facts.st_size)
    external = importlib.import_module("importlib._bootstrap_external")
    external._validate_timestamp_pyc(portable, TIME, facts.st_size, "x", {})
    assert portable_bytecode(compiled.read_bytes(), int(facts.st_mtime) + 1, facts.st_size) is None
    assert portable_bytecode(b"short", 1, 1) is None
    py_compile.compile(str(source), str(compiled), invalidation_mode=py_compile.PycInvalidationMode.CHECKED_HASH)
    assert portable_bytecode(compiled.read_bytes(), 1, 1) == compiled.read_bytes()
