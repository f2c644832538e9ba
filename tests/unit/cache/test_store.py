"""The wheel store: whole entries or none, whoever else is at it."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import pytest
from fakes import provenance

from accel_doctor.cache.leases import Leases
from accel_doctor.cache.store import LocalWheelStore
from accel_doctor.model import BuildKey

KEY = BuildKey(exact="ab" + "0" * 62, pure="cd" + "1" * 62)

TESTS = Path(__file__).parents[2]


@pytest.fixture
def warnings():
    return []


@pytest.fixture
def store(tmp_path, warnings):
    return LocalWheelStore(tmp_path / "wheels", Leases(tmp_path / "in-use.lock"), warnings.append)


@pytest.fixture
def wheel(tmp_path):
    path = tmp_path / "cffi-2.1.1-cp313-cp313-linux_x86_64.whl"
    path.write_bytes(b"a wheel")
    return path


def test_a_kept_wheel_comes_back_under_its_name_with_its_hash(store, wheel):
    assert store.get(KEY) is None
    kept = store.put(KEY, wheel, provenance(), ())
    assert kept == store.get(KEY)
    assert kept.path.name == wheel.name
    assert kept.path != wheel
    assert kept.path.read_bytes() == b"a wheel"
    assert kept.sha256 == hashlib.sha256(b"a wheel").hexdigest()


def test_the_first_of_two_writers_wins(store, wheel, tmp_path):
    first = store.put(KEY, wheel, provenance(), ())
    other = tmp_path / "other-1-py3-none-any.whl"
    other.write_bytes(b"another wheel")
    assert store.put(KEY, other, provenance(), ()) == first
    assert list((tmp_path / "wheels" / "unfinished").iterdir()) == []


def test_a_wheel_that_does_not_load_any_more_gives_way_to_another(store, wheel, tmp_path):
    first = store.put(KEY, wheel, provenance(), ())
    other = tmp_path / "other" / wheel.name
    other.parent.mkdir()
    other.write_bytes(b"another wheel")
    second = store.put(KEY, other, provenance(), (), instead_of=first)
    assert (second.path, second.path.read_bytes()) == (first.path, b"another wheel")
    third = tmp_path / "third" / wheel.name
    third.parent.mkdir()
    third.write_bytes(b"a third wheel")
    assert store.put(KEY, third, provenance(), (), instead_of=first) == second  # somebody else was there first
    assert list((tmp_path / "wheels" / "unfinished").iterdir()) == []


@pytest.mark.parametrize(
    "damage",
    [
        lambda place: next(place.glob("*.whl")).write_bytes(b"A wheel"),
        lambda place: next(place.glob("*.whl")).unlink(),
        lambda place: (place / "entry.json").write_text("{"),
        lambda place: (place / "entry.json").write_text("[]"),
        lambda place: (place / "entry.json").write_text('{"file": "../../x", "sha256": 1}'),
        lambda place: (place / "entry.json").unlink(),
    ],
)
def test_a_damaged_entry_is_told_taken_away_and_replaced(store, wheel, warnings, damage):
    place = store.put(KEY, wheel, provenance(), ()).path.parent
    damage(place)
    assert store.get(KEY) is None
    assert warnings == [f"a stored wheel was damaged and is built again: {place}"]
    assert not place.exists()
    assert store.put(KEY, wheel, provenance(), ()).path.read_bytes() == b"a wheel"


def test_an_unusable_store_warns_once_and_hands_the_wheel_back(tmp_path, wheel, warnings):
    (tmp_path / "wheels").write_text("a file where the store should be")
    store = LocalWheelStore(tmp_path / "wheels", Leases(tmp_path / "in-use.lock"), warnings.append)
    with store.building(KEY):
        assert store.get(KEY) is None
        assert store.put(KEY, wheel, provenance(), ()).path == wheel
    assert store.put(KEY, wheel, provenance(), ()).path == wheel
    assert len(warnings) == 1
    assert warnings[0].startswith(f"the wheel store {tmp_path / 'wheels'} cannot be used, wheels are not kept")


def test_the_directory_is_marked_as_a_cache(store, wheel, tmp_path):
    store.put(KEY, wheel, provenance(), ())
    tag = (tmp_path / "wheels" / "CACHEDIR.TAG").read_text()
    assert tag.startswith("Signature: 8a477f597d28d172789f06886806bc55\n")


BUILD_ONCE = """
import sys
from pathlib import Path
from fakes import provenance
from accel_doctor.cache.leases import Leases
from accel_doctor.cache.store import LocalWheelStore
from accel_doctor.model import BuildKey
root, key, wheel, counter = sys.argv[1:]
key = BuildKey(key, key)
store = LocalWheelStore(Path(root), Leases(Path(root) / "in-use.lock"), print)
with store.building(key):
    if store.get(key) is None:
        with open(counter, "a") as stream:
            stream.write("built\\n")
        store.put(key, Path(wheel), provenance(), ())
"""


def test_of_many_processes_one_builds_and_the_others_take(tmp_path, wheel):
    counter = tmp_path / "counter"
    command = [sys.executable, "-c", BUILD_ONCE, str(tmp_path / "wheels"), KEY.exact, str(wheel), str(counter)]
    processes = [subprocess.Popen(command, env={**os.environ, "PYTHONPATH": str(TESTS)}) for _ in range(4)]
    assert [process.wait() for process in processes] == [0] * 4
    assert counter.read_text() == "built\n"
