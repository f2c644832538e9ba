"""Storing and restoring environments while processes are killed, or many are at it at once.

    python tests/tools/environment_stress.py kill|crowd|full DIRECTORY TIMES

A program of its own, since it forks, and pytest has threads. It ends with an assertion's traceback where something
was lost.
"""

from __future__ import annotations

import argparse
import errno
import os
import random
import shutil
import signal
import sys
import time
import traceback
import venv
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))
from fakes import QuietProgress

from accel_doctor.model.holdings import Limits
from accel_doctor.model.stored_environments import Place
from accel_doctor.store.environments import halves
from accel_doctor.store.environments.environment_cache import EnvironmentCache
from accel_doctor.store.environments.kept_environments import KeptEnvironments, evict
from accel_doctor.store.environments.restoring import RemovedEnvironmentError, restore
from accel_doctor.store.environments.storing import store

Snapshot = dict[str, object]
BASE = Path(sys.executable).resolve()
PARTIES = 8


def make(root: Path, words: str) -> None:
    venv.create(root, symlinks=True, with_pip=False)
    site = next((root / "lib").glob("python*")) / "site-packages"
    for number in range(60):
        package = site / f"package{number}"
        package.mkdir()
        (package / "__init__.py").write_text(f"WORDS = {words!r}, {number}\n" if number % 2 else "")
        (package / "data.txt").write_text(words * 300 if number % 3 else "common\n")
        information = site / f"package{number}-1.dist-info"
        information.mkdir()
        (information / "RECORD").write_text(f"package{number}/__init__.py,,\npackage{number}/data.txt,,\n")
    (root / "bin/tool").write_text(f"#!{root}/bin/python\n")


def snapshot(root: Path) -> Snapshot:
    found: Snapshot = {}
    for path in sorted(root.rglob("*")):
        name = str(path.relative_to(root))
        if path.is_symlink():
            found[name] = str(path.readlink())
        elif path.is_file():
            found[name] = (path.read_bytes(), bool(path.stat().st_mode & 0o100))
        else:
            found[name] = None
    return found


class Stage:
    """Two environments, ``a`` and ``b``, a cache, and what each looks like where it is restored."""

    def __init__(self, base: Path) -> None:
        self.base = base
        self.keys = {"a": "a" * 64, "b": "b" * 64}
        for name in self.keys:
            make(base / name, name)

    def cache(self) -> EnvironmentCache:
        return EnvironmentCache(self.base / "cache", lambda text: None)

    def store(self, name: str) -> None:
        store(self.cache(), self.keys[name], {}, self.base / name, QuietProgress())

    def restore(self, name: str, target: Path) -> bool:
        cache = self.cache()
        stored = cache.find(self.keys[name])
        if stored is None:
            return False
        try:
            restore(cache, stored, Place(str(target), str(BASE.parent), str(BASE), "3.13.5"), target, QuietProgress())
        except RemovedEnvironmentError:  # another one's limit came between
            return False
        return True

    def expected(self, target: Path) -> dict[str, Snapshot]:
        result = {}
        for name in self.keys:
            self.store(name)
            assert self.restore(name, target)
            result[name] = snapshot(target)
        return result


def started(work: Callable[[], object]) -> int:
    child = os.fork()
    if child:
        return child
    try:
        work()
        os._exit(0)
    except BaseException:
        traceback.print_exc()
        os._exit(1)


def finished(child: int) -> None:
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def killed_after(work: Callable[[], object], seconds: float) -> None:
    """Returns when a process that the killed one had started has noticed, too."""
    reading, writing = os.pipe()
    child = started(work)
    os.close(writing)
    time.sleep(seconds)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    assert os.read(reading, 1) == b""  # the end, which comes when nobody has the other side open any more
    os.close(reading)


def kill(stage: Stage, times: int) -> None:
    """At a random moment of a store and of a restore, in turns."""
    target = stage.base / "project" / ".venv"
    expected = stage.expected(target)
    longest = {"store": _duration(stage, "store", target), "restore": _duration(stage, "restore", target)}
    for number in range(times):
        name = "ab"[number // 2 % 2]
        if number % 2:
            before = snapshot(target)
            killed_after(lambda name=name: stage.restore(name, target), random.uniform(0, longest["restore"]))
            assert snapshot(target) in (before, expected[name]), "the live environment is neither the old nor the new"
        else:
            _spoil(stage, name)
            killed_after(lambda name=name: stage.store(name), random.uniform(0, longest["store"]))
            if stage.cache().find(stage.keys[name]) is None:
                stage.store(name)
        assert stage.restore(name, target)
        assert snapshot(target) == expected[name]
        assert [path.name for path in target.parent.iterdir()] == [".venv"], "something was left beside it"
    assert evict(stage.cache(), Limits(count=1), "")
    assert not list((stage.cache().root / "unfinished").iterdir())


def _duration(stage: Stage, what: str, target: Path) -> float:
    _spoil(stage, "a")
    started = time.monotonic()
    stage.store("a")
    if what == "restore":
        started = time.monotonic()
        stage.restore("a", target)
    return time.monotonic() - started


def _spoil(stage: Stage, name: str) -> None:
    """As if it had not been stored: everything has to be written again."""
    cache = stage.cache()
    cache.forget(stage.keys[name])
    other = "b" if name == "a" else "a"
    if cache.find(stage.keys[other]):
        KeptEnvironments(cache).finish()


def crowd(stage: Stage, times: int) -> None:
    """Eight at once: they store, restore into one place and into their own, and remove."""
    expected = {path: stage.expected(path) for path in (stage.base / "common" / ".venv", *_own(stage))}

    def work(number: int) -> None:
        own = _own(stage)[number]
        for turn in range(times):
            name = "ab"[(number + turn) % 2]
            if turn % 3 == number % 3:
                stage.store(name)
            elif turn % 5 == 4:
                evict(stage.cache(), Limits(count=1), "")
            target = own if turn % 2 else stage.base / "common" / ".venv"
            if stage.restore(name, target) and target == own:
                assert snapshot(own) == expected[own][name]

    children = [started(lambda number=number: work(number)) for number in range(PARTIES)]
    for child in children:
        finished(child)
    common = stage.base / "common" / ".venv"
    assert snapshot(common) in expected[common].values()
    for name in stage.keys:
        stage.store(name)
        for target, snapshots in expected.items():
            assert stage.restore(name, target)
            assert snapshot(target) == snapshots[name]
            assert [path.name for path in target.parent.iterdir()] == [".venv"]


def _own(stage: Stage) -> list[Path]:
    return [stage.base / f"own{number}" / ".venv" for number in range(PARTIES)]


def full(stage: Stage, times: int) -> None:
    """The disk is full at every stage of a store and of a restore."""
    target = stage.base / "project" / ".venv"
    expected = stage.expected(target)
    disk = os.statvfs(stage.base)
    filler = stage.base / "filler"
    for number in range(times):
        name = "ab"[number % 2]
        _spoil(stage, name)
        before = snapshot(target)
        free = os.statvfs(stage.base).f_bavail * disk.f_frsize
        filler.write_bytes(b"\0" * max(0, free - int(free * number / times / 2)))
        for work in (lambda name=name: stage.store(name), lambda name=name: stage.restore(name, target)):
            try:
                work()
            except OSError as error:
                if error.errno != errno.ENOSPC:
                    raise
        assert snapshot(target) in (before, expected[name])
        filler.unlink()
        stage.store(name)
        assert stage.restore(name, target)
        assert snapshot(target) == expected[name]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["kill", "crowd", "full"])
    parser.add_argument("directory", type=Path, help="made, and removed afterwards")
    parser.add_argument("times", type=int)
    arguments = parser.parse_args()
    random.seed(0)
    halves._WORTH_IT = 0  # two processes, however little there is to do
    arguments.directory.mkdir(exist_ok=True)
    try:
        {"kill": kill, "crowd": crowd, "full": full}[arguments.what](Stage(arguments.directory), arguments.times)
    finally:
        shutil.rmtree(arguments.directory, ignore_errors=True)
    print("nothing was lost")
