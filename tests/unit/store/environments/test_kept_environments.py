"""Environments as one kind of what the cache holds: `accel-doctor cache` counts, lists, verifies and evicts them."""

import json
import os
import subprocess
from pathlib import Path

import pytest
from paths import ROOT

from accel_doctor.cli import main
from accel_doctor.errors import ExitCode
from accel_doctor.model.holdings import HoldingKind

OLD, NEW = "1" * 64, "2" * 64


@pytest.fixture
def stored(tmp_path, monkeypatch, cached, make_environment):
    """Two environments, which share all but one script, where the commands find them."""
    monkeypatch.setenv("ACCEL_DOCTOR_CACHE_DIR", str(tmp_path / "all"))
    monkeypatch.setenv("ACCEL_DOCTOR_CONFIG_DIR", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    kept = type(cached)(tmp_path / "all/environments")
    for used, key in enumerate((OLD, NEW)):
        kept.store(make_environment(tmp_path / key[0], f"number {key[0]}"), key)
        os.utime(kept.cache.manifest_path(key), (used, used))
    return kept


@pytest.fixture
def answer(capsys):
    def ask(*words, code=ExitCode.DONE):
        assert main.run(["cache", *words, "--format", "json"]) == code
        return json.loads(capsys.readouterr().out)

    return ask


def _on_disk(directory):
    return sum(path.stat().st_size for path in directory.rglob("*") if path.is_file() and path.name != "CACHEDIR.TAG")


def test_info_counts_what_is_on_the_disk(stored, answer):
    found = answer("info")["kinds"]["environment"]
    assert (found["count"], found["bytes"]) == (2, _on_disk(stored.cache.root))


def test_list_names_environments_unless_packages_are_asked_for(stored, answer, capsys):
    assert [one["key"] for one in answer("list")["environments"]] == [NEW, OLD]
    assert main.run(["cache", "list"]) == ExitCode.DONE
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == ["environment", NEW[:12], OLD[:12]]


def test_prune_evicts_the_least_recently_used_and_frees_what_only_it_has(stored, answer):
    size = _on_disk(stored.cache.root)
    removed = answer("prune", "--max-size", f"{(size - 1) / 1000}kB")
    assert [(one["kind"], one["name"]) for one in removed["removed"]] == [("environment", OLD[:12])]
    assert stored.cache.stored_keys() == [NEW]
    assert removed["bytes_left"] == _on_disk(stored.cache.root) == size - removed["bytes_removed"]


def test_nothing_is_evicted_while_somebody_restores(stored, answer):
    with stored.cache.in_use():
        assert [one["name"] for one in answer("prune", "--max-size", "0kB")["in_use"]] == [OLD[:12], NEW[:12]]


def test_clear_removes_environments_and_what_they_are_made_of(stored, answer):
    assert len(answer("clear", "environments")["removed"]) == 2
    assert stored.cache.use() == (0, 0, 0, 0, 0)


def _edited(cache):
    stored = cache.read(OLD)
    shared = {file.piece for files in cache.read(NEW).directories.values() for file in files}
    own = next(f.piece for files in stored.directories.values() for f in files if f.piece not in shared)
    path = Path(cache.pool.path(own))
    path.write_bytes(path.read_bytes() + b"edited")
    return str(path)


def test_verify_finds_an_edited_piece_which_fix_leaves_to_its_pack(stored, answer, said_by, tmp_path):
    path = _edited(stored.cache)
    found = answer("verify", code=ExitCode.CACHE)
    assert found["verified"] == 1
    [damage] = found["damaged"]
    assert (damage["kind"], damage["key"], damage["path"]) == ("environment", OLD, path)
    assert damage["why"].startswith("SHA-256 mismatch: expected ")
    assert answer("verify", "--fix")["damaged"][0]["removed"]
    target = stored.restore(tmp_path / "again", OLD)
    assert said_by(target) == f"number 1 {target}\n"
    assert answer("verify") == {"schema": 1, "verified": 2, "damaged": []}


@pytest.mark.parametrize("what", ["pack", "manifest"])
def test_fix_removes_an_environment_with_a_damaged_pack_or_manifest(stored, answer, what):
    shared = {pack.digest for pack in stored.cache.read(NEW).packs}
    digest = next(pack.digest for pack in stored.cache.read(OLD).packs if pack.digest not in shared)
    path = stored.cache.pack_path(digest) if what == "pack" else stored.cache.manifest_path(OLD)
    path.write_bytes(path.read_bytes()[:-9])
    assert [one["path"] for one in answer("verify", "--fix")["damaged"]] == [str(path)]
    assert stored.cache.stored_keys() == [NEW]


def test_a_new_kind_is_one_row_and_one_noun():
    """CONTRIBUTING says so: where a kind is named, and nowhere else."""
    source = ROOT / "src/accel_doctor"
    naming = subprocess.run(
        ["grep", "-rlE", "HoldingKind\\.(SOURCE|LOCK|LOG)\\b", source, "--include=*.py"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert naming.stdout.split() == [str(source / "store/kinds.py")]
    assert {kind.value for kind in HoldingKind} >= {"source", "lock", "log"}
