"""Only a directory that is ours becomes a cache, and nothing but what we named in it is ever removed."""

from __future__ import annotations

import os

import pytest

from accel_doctor.cli import main
from accel_doctor.errors import ExitCode, UsageError
from accel_doctor.store.cache_root import MARK, OthersCacheError, open_cache_root

RUN = "20260131-235959-4711"
KEY = "a" * 64


@pytest.fixture
def work(tmp_path):
    return tmp_path / "work"


@pytest.fixture
def cache_command(tmp_path, monkeypatch):
    monkeypatch.setenv("ACCEL_DOCTOR_CONFIG_DIR", str(tmp_path / "none"))
    monkeypatch.chdir(tmp_path)
    return lambda *words: main.run(["cache", *words])


def fill(directory, *files):
    for name in files:
        (directory / name).parent.mkdir(parents=True, exist_ok=True)
        (directory / name).write_text("mine")


def everything(directory):
    return sorted(str(path.relative_to(directory)) for path in directory.rglob("*"))


def test_a_new_and_an_empty_directory_become_caches_and_stay_so(work):
    assert open_cache_root(work / "new") == work / "new"
    (work / "empty").mkdir()
    open_cache_root(work / "empty")
    assert everything(work / "empty") == everything(work / "new") == ["CACHEDIR.TAG", MARK]
    (work / "new/logs" / RUN).mkdir(parents=True)
    fill(work / "new", "of-a-later-version")
    open_cache_root(work / "new")


@pytest.mark.parametrize(
    "files",
    [
        ["in-use.lock", f"sources/{KEY}/x.tar.gz", f"logs/{RUN}/01-resolve.log", "locks/v1/aa/x/pylock.toml"],
        ["interpreters/" + KEY + ".json", f"logs/{RUN}/01-run.log"],
        ["in-use.lock", "libraries.json", "environments/v1/lock", "frontends/pip.lock", "installations/v1/x"],
    ],
)
def test_a_cache_of_an_earlier_version_is_marked_and_used(work, files):
    fill(work, *files)
    if (work / "in-use.lock").exists():
        (work / "in-use.lock").write_text("")
    open_cache_root(work)
    assert (work / MARK).exists()


@pytest.mark.parametrize(
    "files",
    [
        ["logs/january/data"],
        [f"logs/{RUN}/data"],  # named as ours are
        [f"sources/{KEY}/x.tar.gz"],
        ["notes.txt"],
        ["in-use.lock", "notes.txt"],
        ["in-use.lock", "logs/january/data"],
        ["interpreters/python3/x"],
        ["wheels/v2/aa/x", "wheels/CACHEDIR.TAG", "data/x"],
        ["CACHEDIR.TAG", "sources/main.c"],
    ],
)
def test_a_directory_with_other_files_is_no_cache(work, files, cache_command, capsys):
    fill(work, *files)
    if (work / "in-use.lock").exists():
        (work / "in-use.lock").write_text("")
    before = everything(work)
    with pytest.raises(UsageError, match="is not a cache of accel-doctor, and not empty: it holds ") as caught:
        open_cache_root(work)
    assert caught.value.hint == "name a new or an empty directory with --cache-dir"
    for words in (["clear"], ["prune", "--max-size", "1B", "--older-than", "1s"], ["verify", "--fix"]):
        assert cache_command(*words, "--cache-dir", str(work)) == ExitCode.USAGE
    assert everything(work) == before
    capsys.readouterr()


def test_only_what_we_named_is_removed(work, cache_command, capsys):
    open_cache_root(work)
    others = ["logs/january/data", "sources/main.c", "sources/aa/x", "imports/old/x", "cures/x/cures.json"]
    others += [
        "locks/notes/aa/x/y",
        f"locks/v1/notes/{KEY}/x",
        "wheels/unfinished/mine/x",
        "environments/v1/packs/mine",
    ]
    others += ["environments/v1/unfinished/letter", f"wheels/v2/mine/{KEY}/x"]
    fill(work, *others, f"logs/{RUN}/x", f"sources/{KEY}/x", f"locks/v1/aa/{KEY}/x")
    assert cache_command("prune", "--cache-dir", str(work), "--older-than", "1s") == 0
    assert cache_command("clear", "--cache-dir", str(work)) == 0
    assert [name for name in others if not (work / name).exists()] == []
    assert not list(work.glob(f"logs/{RUN}")) + list(work.glob(f"sources/{KEY}"))
    capsys.readouterr()


@pytest.mark.parametrize("marked", [True, False])
@pytest.mark.parametrize(
    "part",
    ["logs", "sources", "wheels", "wheels/v2", "wheels/unfinished", "locks/v1", "environments", "environments/v1"]
    + [f"environments/v1/{name}" for name in ("pool", "packs", "entries", "unfinished")]
    + ["in-use.lock"],
)
def test_no_part_of_a_cache_may_be_a_symlink(work, tmp_path, part, marked, cache_command, capsys):
    if marked:
        open_cache_root(work)
    else:
        fill(work, f"interpreters/{KEY}.json")
    mine = tmp_path / "mine"
    fill(mine, f"{RUN}/x", f"{KEY}/x", f"aa/{KEY}/x", "v2/x", f"{'a' * 32}/x")
    (work / part).parent.mkdir(parents=True, exist_ok=True)
    (work / part).symlink_to(mine)
    before = everything(mine)
    with pytest.raises(UsageError, match="symlink"):
        open_cache_root(work)
    assert cache_command("clear", "--cache-dir", str(work)) == ExitCode.USAGE
    assert everything(mine) == before
    capsys.readouterr()


@pytest.mark.parametrize(
    "place", [f"logs/{RUN}", f"sources/{KEY}", "locks/v1/aa", "wheels/v2/aa", "environments/v1/pool/aa"]
)
def test_entries_that_are_symlinks_stay_and_so_does_what_they_lead_to(work, tmp_path, place, cache_command, capsys):
    open_cache_root(work)
    mine = tmp_path / "mine"
    fill(mine, "x", f"{KEY}/x", KEY[2:])
    (work / place).parent.mkdir(parents=True, exist_ok=True)
    (work / place).symlink_to(mine)
    before = everything(mine)
    assert cache_command("clear", "--cache-dir", str(work)) == 0
    assert cache_command("prune", "--cache-dir", str(work), "--max-size", "1B") == 0
    assert everything(mine) == before
    capsys.readouterr()


@pytest.mark.parametrize("spelled", ["accel-doctor cache, layout 2\n", "", "accel-doctor cache, layout 1\n\n"])
def test_a_mark_that_is_not_ours_marks_nothing(work, spelled):
    fill(work, "logs/january/x")
    (work / MARK).write_text(spelled)
    with pytest.raises(UsageError, match="another version"):
        open_cache_root(work)


def test_a_symlink_is_no_mark(work, tmp_path):
    open_cache_root(tmp_path / "real")
    fill(work, "logs/january/x")
    (work / MARK).symlink_to(tmp_path / "real" / MARK)
    with pytest.raises(UsageError, match="is not a cache"):
        open_cache_root(work)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a directory to another user")
@pytest.mark.parametrize("whose", ["the cache", "its parent", "its mark", "a symlink to it"])
def test_a_cache_of_another_user_is_not_opened(work, whose):
    cache = work / "cache"
    if whose == "its parent":
        work.mkdir()
        os.chown(work, 4242, -1)
    elif whose == "a symlink to it":
        open_cache_root(work / "real")
        cache.symlink_to("real")
        os.chown(cache, 4242, -1, follow_symlinks=False)
    else:
        open_cache_root(cache)
        os.chown(cache if whose == "the cache" else cache / MARK, 4242, -1)
    before = everything(work)
    with pytest.raises(OthersCacheError, match="another user"):
        open_cache_root(cache)
    assert everything(work) == before
