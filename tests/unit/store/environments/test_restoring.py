"""Stored here, restored there: what works, what is shared, what is repaired."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
from types import SimpleNamespace

import pytest
from fakes import QuietProgress

from accel_doctor.errors import UsageError
from accel_doctor.model.holdings import Limits
from accel_doctor.store.environments import swap
from accel_doctor.store.environments.environment_cache import EnvironmentCache
from accel_doctor.store.environments.kept_environments import erase_environments, evict
from accel_doctor.store.environments.pool import TIME_NS
from accel_doctor.store.environments.restoring import DamagedEnvironmentError, RemovedEnvironmentError
from accel_doctor.store.environments.storing import store


def site_of(root):
    return next((root / "lib").glob("python*")) / "site-packages"


def links_of(root):
    return {str(path.relative_to(root)): str(path.readlink()) for path in root.rglob("*") if path.is_symlink()}


@pytest.mark.parametrize("place", ["other", "with a space", 'it\'s "quoted" $HOME', "l" * 140, "ünï"])
def test_it_works_at_any_path(cached, environment, said_by, tmp_path, place):
    cached.store(environment)
    shutil.rmtree(environment)
    target = cached.restore(tmp_path / place / ".venv")
    assert said_by(target) == f"hello {target}\n"
    shown = subprocess.run(
        ["sh", "-c", '. "$0" && printf %s "$VIRTUAL_ENV"', target / "bin/activate"],
        check=True, capture_output=True, text=True, env={"PATH": os.environ["PATH"]},
    )  # fmt: skip
    assert shown.stdout == str(target)


def test_symlinks_stay_symlinks(cached, environment, tmp_path):
    (environment / "own").symlink_to(environment / "bin")
    before = links_of(environment)
    cached.store(environment)
    target = cached.restore(tmp_path / "b")
    assert links_of(target) == before | {"own": f"{target}/bin"} | {
        name: os.path.realpath(environment / name)
        for name, to in before.items()
        if to.startswith("/") and name != "own"
    }
    assert not [path for path in target.rglob("*") if path.is_symlink() and not path.exists()]


def test_what_was_there_is_replaced_whole(cached, environment, said_by, make_environment, tmp_path):
    cached.store(environment)
    target = make_environment(tmp_path / "there" / ".venv", "old")
    (target / "left-over").touch()
    cached.restore(target)
    assert said_by(target) == f"hello {target}\n"
    assert not (target / "left-over").exists()
    assert sorted(path.name for path in target.parent.iterdir()) == [".venv"]


def test_a_restored_file_edited_in_place_damages_nothing(cached, environment, said_by, tmp_path):
    cached.store(environment)
    first, second = cached.restore(tmp_path / "a"), cached.restore(tmp_path / "b")
    with (site_of(first) / "greeting.py").open("r+") as file:
        file.write("WORDS = 'fooey'\n")  # as long as what was there
    (site_of(first) / "greeting-1.0.dist-info/METADATA").write_text("")
    for target in (tmp_path / "c", second, first):
        cached.restore(target)
        assert said_by(target) == f"hello {target}\n"
        assert "Name: greeting" in (site_of(target) / "greeting-1.0.dist-info/METADATA").read_text()


def test_files_are_links_where_the_file_system_has_them_and_copies_where_not(
    cached, environment, tmp_path, monkeypatch
):
    cached.store(environment)

    def refused(*arguments, **named):
        raise OSError(errno.EPERM, "Operation not permitted")

    linked = site_of(cached.restore(tmp_path / "a")) / "greeting.py"
    assert linked.stat().st_nlink == 2
    monkeypatch.setattr(os, "link", refused)
    copied = site_of(cached.restore(tmp_path / "b")) / "greeting.py"
    assert (copied.stat().st_nlink, copied.stat().st_mtime_ns) == (1, TIME_NS)
    assert copied.read_text() == linked.read_text()
    assert os.access(tmp_path / "b/bin/greet", os.X_OK)


def test_the_same_file_is_kept_once(cached, make_environment, tmp_path):
    cached.store(make_environment(tmp_path / "one"), "1" * 64)
    before = cached.cache.use()
    shutil.copytree(tmp_path / "one", tmp_path / "two", symlinks=True)
    (site_of(tmp_path / "two") / "another.py").write_text("1\n")
    for path in (tmp_path / "two/bin/greet", tmp_path / "two/pyvenv.cfg"):
        path.write_text(path.read_text().replace(str(tmp_path / "one"), str(tmp_path / "two")))
    cached.store(tmp_path / "two", "2" * 64)
    after = cached.cache.use()
    changed = {"another.py"} | {path.name for path in (tmp_path / "two/bin").glob("[aA]ctivate*")}
    assert after.entries == 2
    assert after.pieces - before.pieces <= len(changed)
    assert after.packs == before.packs + 1  # that of what belongs to no distribution


def test_a_missing_piece_comes_from_its_pack_and_a_missing_pack_is_a_damaged_environment(cached, environment, tmp_path):
    stored = cached.store(environment)
    for shelf in cached.cache.pool.directory.iterdir():
        shutil.rmtree(shelf)
        shelf.mkdir()
    cached.restore(tmp_path / "a")
    (target := tmp_path / "b").mkdir()
    for pack in stored.packs:
        path = cached.cache.pack_path(pack.digest)
        path.write_bytes(path.read_bytes()[:-9])
    for shelf in cached.cache.pool.directory.iterdir():
        shutil.rmtree(shelf)
        shelf.mkdir()
    with pytest.raises(DamagedEnvironmentError):
        cached.restore(target)
    assert list(target.iterdir()) == []
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "b", "cache", "made"]


def test_a_pack_holds_what_its_manifest_says_and_no_more(cached, environment, tmp_path):
    stored = cached.store(environment)
    first = next(path for path, files in stored.directories.items() if len(files) > 1)
    fewer = {path: files[1:] if path == first else files for path, files in stored.directories.items()}
    for shelf in cached.cache.pool.directory.iterdir():
        shutil.rmtree(shelf)
        shelf.mkdir()
    with pytest.raises(DamagedEnvironmentError, match="its pack is not of the manifest's files$"):
        cached.restore(tmp_path / "a", found=stored._replace(directories=fewer))


def test_nothing_is_unpacked_that_the_disk_has_no_room_for(cached, environment, tmp_path, monkeypatch):
    cached.store(environment)
    for shelf in cached.cache.pool.directory.iterdir():
        shutil.rmtree(shelf)
        shelf.mkdir()
    monkeypatch.setattr("accel_doctor.store.environments.packs.read_pack", None)  # would be called
    monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=1))
    with pytest.raises(OSError, match="No space left on device"):
        cached.restore(tmp_path / "a")


def test_a_damaged_manifest_is_told_and_counts_as_none(cached, environment):
    stored = cached.store(environment)
    path = cached.cache.manifest_path(stored.key)
    path.write_bytes(path.read_bytes()[:1000])
    assert cached.cache.find(stored.key) is None
    assert [note.partition(":")[0] for note in cached.notes] == ["ignoring a damaged environment"]
    assert not path.exists()


def test_stale_bytecode_is_not_kept(cached, environment, said_by, tmp_path):
    source = site_of(environment) / "greeting.py"
    source.write_text("WORDS = 'newer'\n")
    os.utime(source, (1, 1))
    cached.store(environment)
    target = cached.restore(tmp_path / "a")
    assert not list((site_of(target) / "__pycache__").glob("greeting*"))


def test_only_environments_are_replaced_and_stored(cached, environment, tmp_path):
    cached.store(environment)
    precious = tmp_path / "precious"
    precious.mkdir()
    (precious / "thesis").touch()
    with pytest.raises(UsageError) as caught:
        cached.restore(precious)
    assert caught.value.message == (f"refused to replace {precious}: it is not a virtual environment (no pyvenv.cfg)")
    with pytest.raises(UsageError, match="is not a virtual environment"):
        store(cached.cache, "b" * 64, {}, precious, QuietProgress())
    assert [path.name for path in precious.iterdir()] == ["thesis"]


def test_what_killed_runs_left_is_removed_and_an_interrupted_swap_finished(cached, environment, said_by, tmp_path):
    cached.store(environment)
    target = cached.restore(tmp_path / "p" / ".venv")
    (tmp_path / "p" / "._venv.accel-doctor-new-00").mkdir()
    target.rename(tmp_path / "p" / "._venv.accel-doctor-old-00")
    swap.recover(target)
    assert said_by(target) == f"hello {target}\n"
    assert [path.name for path in (tmp_path / "p").iterdir()] == [".venv"]


def test_without_an_exchange_two_moves_do(cached, environment, said_by, make_environment, tmp_path, monkeypatch):
    monkeypatch.setattr(swap, "_exchanged", lambda beside, target: False)
    cached.store(environment)
    target = make_environment(tmp_path / "there" / ".venv", "old")
    cached.restore(target)
    assert said_by(target) == f"hello {target}\n"
    assert [path.name for path in target.parent.iterdir()] == [".venv"]


def evicted(cache, limits):
    return [one.name for one in evict(cache, limits, newest=cache.stored_keys()[0])]


def test_what_was_used_longest_ago_goes_first(cached, make_environment, said_by, tmp_path):
    for number in (1, 2, 3):
        cached.store(make_environment(tmp_path / str(number), f"number {number}"), str(number) * 64)
        os.utime(cached.cache.manifest_path(str(number) * 64), (number, number))
    cached.restore(tmp_path / "again", "1" * 64)
    assert evicted(cached.cache, Limits(count=2)) == ["2" * 64]
    for number in (1, 3):
        target = cached.restore(tmp_path / "kept" / str(number), str(number) * 64)
        assert said_by(target) == f"number {number} {target}\n"
    pieces = cached.cache.use().pieces
    assert evicted(cached.cache, Limits(count=2, size=1)) == ["1" * 64]  # used before number 3
    assert cached.cache.use().pieces < pieces
    assert erase_environments(cached.cache, cached.cache.stored_keys()) == 1
    assert cached.cache.use() == (0, 0, 0, 0, 0)


def test_nothing_is_removed_while_somebody_restores(cached, make_environment, tmp_path):
    for number in (1, 2):
        cached.store(make_environment(tmp_path / str(number)), str(number) * 64)
    with EnvironmentCache(cached.cache.root.parent, pytest.fail).in_use():
        assert evicted(cached.cache, Limits(count=1)) == []
    assert evicted(cached.cache, Limits(count=1)) == ["1" * 64]


def test_an_environment_that_was_removed_after_it_was_found_is_not_restored(cached, environment, tmp_path):
    stored = cached.store(environment)
    erase_environments(cached.cache, [stored.key])
    (target := tmp_path / "b").mkdir()
    with pytest.raises(RemovedEnvironmentError, match="^another process removed the stored environment$"):
        cached.restore(target, found=stored)
    assert list(target.iterdir()) == []
