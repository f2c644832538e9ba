"""Making room: by age and size, oldest use first, never what is in use, and nothing of killed runs stays."""

from __future__ import annotations

import errno
import os
import shutil
from pathlib import Path

import pytest
from fakes import provenance

from accel_doctor.model.holdings import HoldingKind, LeftOut, Limits
from accel_doctor.model.wheels import BuildKey
from accel_doctor.store.housekeeping import Housekeeping
from accel_doctor.store.kinds import kinds_of
from accel_doctor.store.locks import Leases
from accel_doctor.store.wheels.wheel_store import LocalWheelStore

NOW = 1_700_000_000.0  # before any clock of today: what is used while a test runs was used last
DAY = 86400.0


def key_of(number: int) -> BuildKey:
    return BuildKey(f"{number:064x}", "f" * 64)


@pytest.fixture
def cache(tmp_path):
    return tmp_path / "cache"


@pytest.fixture
def running(cache):
    """The leases of a run that is under way."""
    leases = Leases(cache / "in-use.lock")
    yield leases
    leases.close()


@pytest.fixture
def store(cache, running):
    return LocalWheelStore(cache / "wheels", running, pytest.fail)


@pytest.fixture
def housekeeping(cache):
    leases = Leases(cache / "in-use.lock")
    yield Housekeeping(kinds_of(cache, leases, pytest.fail))
    leases.close()


@pytest.fixture
def keep(store, running, tmp_path):
    """Stores a wheel of 10 000 bytes that was last used ``days`` ago."""

    def make(number: int, days: float) -> Path:
        wheel = tmp_path / f"w{number}-1-cp313-cp313-linux_x86_64.whl"
        wheel.write_bytes(b"w" * 10_000)
        key = key_of(number)
        place = store.put(key, wheel, provenance(name=f"w{number}"), ()).path.parent
        os.utime(place / "entry.json", (NOW - days * DAY,) * 2)
        running.release(key.exact)
        return place

    return make


def names(holdings):
    return [holding.label.split("-")[0] for holding in holdings]


def test_without_limits_everything_that_is_of_use_stays(housekeeping, keep):
    keep(1, days=4000)
    removal = housekeeping.prune(Limits(), NOW)
    assert removal.removed == removal.in_use == ()
    assert removal.left > 10_000


def test_what_was_not_used_for_too_long_goes(housekeeping, keep, store):
    keep(1, days=29)
    keep(2, days=31)
    keep(3, days=300)
    assert names(housekeeping.prune(Limits(age=30 * DAY), NOW).removed) == ["w3", "w2"]
    assert list(store.names()) == [key_of(1).exact]


def test_what_was_used_longest_ago_goes_until_the_rest_is_small_enough(housekeeping, keep):
    for number, days in ((1, 5), (2, 50), (3, 1), (4, 20)):
        keep(number, days)
    removal = housekeeping.prune(Limits(size=22_000), NOW)
    assert names(removal.removed) == ["w2", "w4"]
    assert removal.left <= 22_000
    assert removal.left == sum(holding.size for holding in housekeeping.holdings())
    assert removal.freed > 20_000


def test_asking_for_a_wheel_counts_as_use(housekeeping, keep, store, running):
    keep(1, days=5)
    keep(2, days=4)
    assert store.get(key_of(1))
    running.release(key_of(1).exact)
    assert names(housekeeping.prune(Limits(size=12_000), NOW).removed) == ["w2"]


def test_what_is_in_use_stays_and_something_else_goes_instead(housekeeping, keep, store):
    for number, days in ((1, 50), (2, 40), (3, 30)):
        keep(number, days)
    wheel = store.get(key_of(1))
    os.utime(wheel.path.parent / "entry.json", (0, 0))
    removal = housekeeping.prune(Limits(size=22_000), NOW)
    assert names(removal.in_use) == ["w1"]
    assert names(removal.removed) == ["w2"]
    assert wheel.path.exists()


def test_a_dry_run_says_the_same_and_removes_nothing(housekeeping, keep, store):
    for number, days in ((1, 50), (2, 40), (3, 30)):
        keep(number, days)
    store.get(key_of(2))
    os.utime(store.place(key_of(2).exact) / "entry.json", (NOW - 40 * DAY,) * 2)
    said = housekeeping.prune(Limits(size=12_000), NOW, dry_run=True)
    assert said.dry_run
    assert len(list(store.names())) == 3
    done = housekeeping.prune(Limits(size=12_000), NOW)
    assert (names(done.removed), names(done.in_use), done.left) == (names(said.removed), names(said.in_use), said.left)
    assert names(done.removed) == ["w1", "w3"]


@pytest.mark.parametrize("jump", [-(10**9), 10**9])
def test_a_clock_that_jumped_removes_nothing_that_is_in_use_and_orders_nothing_wrong(housekeeping, keep, store, jump):
    """Stamps of the future count as now; a clock of the future makes all look old, and costs what is not in use."""
    for number, days in ((1, 3), (2, 2), (3, 1)):
        keep(number, days)
    store.get(key_of(2))
    removal = housekeeping.prune(Limits(age=30 * DAY), NOW + jump)
    assert names(removal.removed) == ([] if jump < 0 else ["w1", "w3"])
    assert store.get(key_of(2)) is not None


def test_sources_and_logs_go_by_the_same_measure(housekeeping, keep, cache, running):
    keep(1, days=10)
    for kind, name, days in (
        ("sources", "a" * 64, 20),
        ("sources", "b" * 64, 5),
        ("locks/v1/cc", "c" * 64, 30),
        ("logs", "20260101-000000-7", 40),
    ):
        file = cache / kind / name / "x-1.tar.gz"
        file.parent.mkdir(parents=True)
        file.write_bytes(b"s" * 5000)
        for path in (file, file.parent):
            os.utime(path, (NOW - days * DAY,) * 2)
    running.hold("b" * 64)
    removal = housekeeping.prune(Limits(age=3 * DAY), NOW)
    kinds = [holding.kind for holding in removal.removed]
    assert kinds == [HoldingKind.LOG, HoldingKind.LOCK, HoldingKind.SOURCE, HoldingKind.WHEEL]
    assert [holding.name for holding in removal.in_use] == ["b" * 64]
    assert sorted(path.name for path in (cache / "sources").iterdir()) == ["b" * 64]
    assert list((cache / "logs").iterdir()) == []


def test_what_killed_runs_and_older_layouts_left_goes_always(housekeeping, keep, cache, running):
    keep(1, days=0)
    dead, alive = "d" * 32, "a" * 32
    for left in (f"unfinished/{dead}/x", f"unfinished/{alive}/x", "v1/ab/entry", "v3/ab/entry"):
        (cache / "wheels" / left).mkdir(parents=True)
    (cache / "installations/v1/ab/entry").mkdir(parents=True)  # made by versions up to 0.1
    running.hold(alive)
    removal = housekeeping.prune(Limits(), NOW)
    assert {one.label for one in removal.removed} == {"installations", f"wheels/unfinished/{dead}", "wheels/v1"}
    assert [holding.label for holding in removal.in_use] == [f"wheels/unfinished/{alive}"]
    assert (cache / "wheels" / "v3").exists()  # a later version's: that one knows what to do with it


def test_damaged_entries_are_counted_named_by_their_key_and_removed(housekeeping, keep, store):
    keep(1, days=1)
    place = keep(2, days=1)
    (place / "entry.json").write_text("{")
    third = keep(3, days=1)
    next(third.glob("*.whl")).write_bytes(b"W" * 10_000)
    assert [holding.label for holding in housekeeping.holdings(HoldingKind.WHEEL)][1] == key_of(2).exact
    good, damaged = housekeeping.verify(fix=False)
    assert (good.total(), [one.key for one in damaged]) == (1, [key_of(2).exact, key_of(3).exact])
    assert damaged[0].why.startswith("entry.json: ")
    assert damaged[1].why.startswith("w3-1-cp313-cp313-linux_x86_64.whl: SHA-256 mismatch: expected ")
    good, damaged = housekeeping.verify(fix=True)
    assert (good.total(), [one.removed for one in damaged]) == (1, [True, True])
    assert list(store.names()) == [key_of(1).exact]


def test_an_empty_or_missing_cache_holds_nothing(housekeeping):
    assert housekeeping.holdings() == []
    assert housekeeping.verify(fix=True) == ({}, [])
    assert housekeeping.prune(Limits(size=0, age=0), NOW).left == 0


def test_what_cannot_be_removed_is_said_and_the_rest_is_removed(housekeeping, keep, cache, monkeypatch):
    """As another user's files are."""
    keep(1, days=10)
    for name in ("20260101-000000-1", "20260101-000000-2"):
        (cache / "logs" / name).mkdir(parents=True)
        os.utime(cache / "logs" / name, (NOW - 20 * DAY,) * 2)
    rmtree = shutil.rmtree

    def refuse(path, **options):
        if str(path).endswith("-1"):
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        rmtree(path, **options)

    monkeypatch.setattr(shutil, "rmtree", refuse)
    removal = housekeeping.prune(Limits(age=DAY), NOW)
    assert names(removal.removed) == ["20260101", "w1"]
    assert removal.refused == (LeftOut("20260101-000000-1", "Permission denied"),)
    assert (cache / "logs" / "20260101-000000-1").exists()


def test_a_store_that_cannot_be_read_is_an_error(cache, monkeypatch):
    leases = Leases(cache / "in-use.lock")

    def refuse(path):
        raise PermissionError(errno.EACCES, "Permission denied", str(path))

    monkeypatch.setattr(Path, "iterdir", refuse)
    with pytest.raises(OSError, match="v2"):
        Housekeeping(kinds_of(cache, leases, pytest.fail)).holdings()
