"""The wheel store: whole entries or none, whoever else is at it."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest
from fakes import provenance
from paths import SUPPORT

from accel_doctor.model.wheels import BuildKey, Link
from accel_doctor.store.locks import Leases
from accel_doctor.store.wheels.wheel_store import LocalWheelStore

KEY = BuildKey(exact="ab" + "0" * 62, pure="cd" + "1" * 62)

WHEEL_NAME = "cffi-2.1.1-cp313-cp313-linux_x86_64.whl"
TEMPORARY = Path(tempfile.gettempdir())


@pytest.fixture
def warnings():
    return []


@pytest.fixture
def store(tmp_path, warnings):
    leases = Leases(tmp_path / "in-use.lock")
    yield LocalWheelStore(tmp_path / "wheels", leases, warnings.append)
    leases.close()


@pytest.fixture
def wheel(tmp_path):
    path = tmp_path / WHEEL_NAME
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


def test_a_wheel_is_marked_once_it_was_imported_and_keeps_the_libraries_that_it_opens(store, wheel):
    kept = store.put(KEY, wheel, provenance(), (Link("libpq.so.5"),))
    assert not kept.imported
    store.confirm(kept, (Link("libmagic"), Link("libpq.so.5")))
    again = store.get(KEY)
    assert (again.imported, again.links) == (True, (Link("libpq.so.5"), Link("libmagic")))
    assert store.verified(KEY.exact).links == again.links


def test_a_wheel_that_cannot_be_imported_is_removed(store, wheel, tmp_path):
    kept = store.put(KEY, wheel, provenance(), ())
    elsewhere = replace(kept, path=wheel)
    store.confirm(elsewhere, (Link("libmagic"),))
    store.discard(elsewhere)  # none of the store's
    store.discard(replace(kept, sha256="0" * 64))  # another process's wheel is there now
    assert store.get(KEY) == kept
    store.discard(kept)
    assert store.get(KEY) is None
    assert wheel.exists()


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
        lambda place: next(place.glob("*.whl")).write_bytes(b"a whee"),
        lambda place: next(place.glob("*.whl")).write_bytes(b""),
        lambda place: next(place.glob("*.whl")).unlink(),
        lambda place: (next(place.glob("*.whl")).unlink(), (place / WHEEL_NAME).mkdir()),
        lambda place: (place / "entry.json").write_text("{"),
        lambda place: (place / "entry.json").write_text("[]"),
        lambda place: (place / "entry.json").write_text('{"file": "../../x", "sha256": 1}'),
        lambda place: (place / "entry.json").write_bytes(b"\x00" * 300),
        lambda place: (place / "entry.json").write_bytes((place / "entry.json").read_bytes()[:-20]),
        lambda place: rewrite(place / "entry.json", WHEEL_NAME, "../other-1-py3-none-any.whl"),
        lambda place: rewrite(place / "entry.json", KEY.exact, KEY.pure),
        lambda place: (place / "entry.json").unlink(),
        lambda place: ((place / "entry.json").unlink(), (place / "entry.json").mkdir()),
        lambda place: (shutil.rmtree(place), place.mkdir()),
        lambda place: (shutil.rmtree(place), place.write_text("a file")),
    ],
)
def test_a_damaged_entry_is_told_taken_away_and_replaced(store, wheel, warnings, damage):
    place = store.put(KEY, wheel, provenance(), ()).path.parent
    damage(place)
    assert store.get(KEY) is None
    assert warnings == [f"ignoring a damaged wheel, which is built again: {place}"]
    assert not place.exists()
    assert store.put(KEY, wheel, provenance(), ()).path.read_bytes() == b"a wheel"


def rewrite(path, old, new):
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def pure_wheel(directory):
    path = directory / "six-1.17.0-py2.py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("six-1.17.0.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\n")
    return path


def test_a_wheel_without_binaries_serves_every_build_of_its_source(store, tmp_path):
    store.put(KEY, pure_wheel(tmp_path), provenance(), ())
    other_python = BuildKey(exact="ef" + "2" * 62, pure=KEY.pure)
    assert store.get(other_python).path.parent.name == KEY.pure
    assert store.get(BuildKey(exact=KEY.exact, pure="ee" * 32)) is None


def test_the_wheel_made_for_this_very_build_is_preferred(store, wheel, tmp_path):
    store.put(KEY, pure_wheel(tmp_path), provenance(), ())
    store.put(KEY, wheel, provenance(), ())
    assert store.get(KEY).path.name == wheel.name


def test_links_come_back_with_the_wheel(store, wheel):
    links = (Link("libffi.so.8", ("LIBFFI_BASE_8.0",), "libffi8"),)
    assert store.put(KEY, wheel, provenance(), links).links == links
    assert store.get(KEY).links == links


def test_an_entry_says_what_its_wheel_was_made_from(store, wheel):
    made = provenance(build_requirements=("setuptools==80.9.0",))
    store.put(KEY, wheel, made, ())
    assert store.entry(KEY.exact).provenance == made


def test_what_could_not_be_read_again_is_not_kept(store, wheel, warnings):
    assert store.put(KEY, wheel, provenance(version="1\n"), ()).path == wheel
    assert warnings == [f"not keeping {wheel.name}: version: expected a line of text, got '1\\n'"]
    assert list(store.names()) == []


def test_a_wheel_that_is_in_use_is_not_removed(store, wheel, tmp_path, warnings):
    kept = store.put(KEY, wheel, provenance(), ())
    leases = Leases(tmp_path / "in-use.lock")
    other = LocalWheelStore(tmp_path / "wheels", leases, warnings.append)
    assert not other.remove(KEY.exact)
    assert kept.path.exists()
    store._leases.close()  # as when its process ends
    assert other.remove(KEY.exact)
    assert list(other.names()) == []
    assert list((tmp_path / "wheels" / "unfinished").iterdir()) == []
    leases.close()


@pytest.mark.parametrize("clock", [0, 1, 4e9, 2**40])
def test_clocks_that_jump_do_no_harm(store, wheel, tmp_path, clock):
    """The time of an entry is when it was last used; nothing else hangs on it."""
    kept = store.put(KEY, wheel, provenance(), ())
    os.utime(kept.path, (clock, clock))
    os.utime(kept.path.parent / "entry.json", (clock, clock))
    os.utime(kept.path.parent, (clock, clock))
    assert store.get(KEY) == kept
    now = tmp_path / "now"
    now.touch()
    assert abs((kept.path.parent / "entry.json").stat().st_mtime - now.stat().st_mtime) < 600


AS_NOBODY = """
import email.parser, os, sys
import packaging.utils  # while we may still read where it is installed
from pathlib import Path
from fakes import provenance
from accel_doctor.store.locks import Leases
from accel_doctor.store.wheels.wheel_store import LocalWheelStore
from accel_doctor.model.wheels import BuildKey
if os.geteuid() == 0:
    os.setgid(65534)
    os.setuid(65534)
root, exact, wheel = sys.argv[1:]
store = LocalWheelStore(Path(root), Leases(Path(root) / "in-use.lock"), lambda text: print("warning:", text))
key = BuildKey(exact, "0" * 64)
found = store.get(key)
print("found", found and found.path.name)
print("kept", store.put(BuildKey("1" * 64, "0" * 64), Path(wheel), provenance(), ()).path)
print("kept", store.put(BuildKey("2" * 64, "0" * 64), Path(wheel), provenance(), ()).path)
"""


def as_nobody(root, wheel):
    # mkdtemp makes what nobody else may enter
    for directory in (root, *root.parents):
        if directory.is_relative_to(TEMPORARY) and directory != TEMPORARY:
            directory.chmod(0o755)
    wheel.chmod(0o644)
    command = [sys.executable, "-c", AS_NOBODY, str(root), KEY.exact, str(wheel)]
    done = subprocess.run(
        command, env={**os.environ, "PYTHONPATH": str(SUPPORT)}, capture_output=True, text=True, cwd="/", check=False
    )
    assert done.stderr == ""
    return re.sub("unfinished/[0-9a-f]{32}", "unfinished/{}", done.stdout).splitlines()


def read_only(directory):
    for path in directory.rglob("*"):
        path.chmod(0o555 if path.is_dir() else 0o444)
    directory.chmod(0o555)


@pytest.fixture
def writable_again(tmp_path):
    yield
    for path in (tmp_path, *tmp_path.rglob("*")):
        if path.is_dir():
            path.chmod(0o755)


def test_a_store_that_is_read_only_is_read(store, wheel, tmp_path, writable_again):
    store.put(KEY, wheel, provenance(), ())
    root = tmp_path / "wheels"
    shutil.copy(tmp_path / "in-use.lock", root)
    read_only(root)
    assert as_nobody(root, wheel) == [
        f"found {WHEEL_NAME}",
        f"warning: cannot write to the wheel store {root}, so this run keeps no wheels: "
        f"[Errno 13] Permission denied: '{root}/unfinished/{{}}'",
        f"kept {wheel}",
        f"kept {wheel}",
    ]


def test_another_users_files_are_told_and_worked_around(store, wheel, tmp_path, writable_again):
    place = store.put(KEY, wheel, provenance(), ()).path.parent
    root = tmp_path / "wheels"
    (place / "entry.json").chmod(0o000)
    place.chmod(0o755)
    for directory in (root / "v2", root / "unfinished"):
        directory.chmod(0o777)
    said = as_nobody(root, wheel)
    assert said == [
        f"warning: cannot read wheels in the wheel store {root}, so they are built again: "
        f"[Errno 13] Permission denied: '{place}/entry.json'",
        "found None",
        f"kept {root}/v2/11/{'1' * 64}/{WHEEL_NAME}",
        f"kept {root}/v2/22/{'2' * 64}/{WHEEL_NAME}",
    ]
    assert place.exists()


FULL = """
import resource, sys
from pathlib import Path
from fakes import provenance
from accel_doctor.store.locks import Leases
from accel_doctor.store.wheels.wheel_store import LocalWheelStore
from accel_doctor.model.wheels import BuildKey
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[3]), resource.RLIM_INFINITY))
root, wheel = Path(sys.argv[1]), Path(sys.argv[2])
said = []
store = LocalWheelStore(root, Leases(root / "in-use.lock"), said.append)
key = BuildKey("1" * 64, "0" * 64)
assert store.put(key, wheel, provenance(), ()).path == wheel
assert store.get(key) is None
assert list((root / "unfinished").iterdir()) == []
assert len(said) == 1 and said[0].startswith(f"cannot write to the wheel store {root}"), said
"""


@pytest.mark.parametrize("room", [0, 4, 50], ids=["no byte", "half a wheel", "a wheel and half an entry"])
def test_a_file_that_cannot_be_finished_is_not_kept(store, wheel, tmp_path, room):
    """A limit on the size of files stands in for a full disk, which needs root to make one."""
    root = tmp_path / "wheels"
    root.mkdir()
    (root / "CACHEDIR.TAG").touch()
    command = [sys.executable, "-c", FULL, str(root), str(wheel), str(room)]
    done = subprocess.run(
        command, env={**os.environ, "PYTHONPATH": str(SUPPORT)}, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert list(store.names()) == []


def test_an_unusable_store_warns_once_and_hands_the_wheel_back(tmp_path, wheel, warnings):
    (tmp_path / "wheels").write_text("a file where the store should be")
    store = LocalWheelStore(tmp_path / "wheels", Leases(tmp_path / "in-use.lock"), warnings.append)
    with store.building(KEY):
        assert store.get(KEY) is None
        assert store.put(KEY, wheel, provenance(), ()).path == wheel
    assert store.put(KEY, wheel, provenance(), ()).path == wheel
    assert len(warnings) == 1
    assert warnings[0].startswith(f"cannot write to the wheel store {tmp_path / 'wheels'}, so this run keeps no wheels")


def test_the_directory_is_marked_as_a_cache(store, wheel, tmp_path):
    store.put(KEY, wheel, provenance(), ())
    tag = (tmp_path / "wheels" / "CACHEDIR.TAG").read_text()
    assert tag.startswith("Signature: 8a477f597d28d172789f06886806bc55\n")


BUILD_ONCE = """
import sys
from pathlib import Path
from fakes import provenance
from accel_doctor.store.locks import Leases
from accel_doctor.store.wheels.wheel_store import LocalWheelStore
from accel_doctor.model.wheels import BuildKey
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
    processes = [subprocess.Popen(command, env={**os.environ, "PYTHONPATH": str(SUPPORT)}) for _ in range(4)]
    assert [process.wait() for process in processes] == [0] * 4
    assert counter.read_text() == "built\n"


def test_waiting_is_told_and_ends_with_an_interruption(tmp_path, store, wheel):
    """Whoever builds may take an hour; Ctrl-C does not."""
    said = []
    leases = Leases(tmp_path / "in-use.lock")
    stopped = iter([False, False, True])
    waiting = LocalWheelStore(tmp_path / "wheels", leases, said.append, lambda: next(stopped))
    with store.building(KEY), waiting.building(KEY):
        pass
    assert said == ["another accel-doctor is building the same wheel: waiting for it"]
    with store.building(KEY):  # nothing was held, and nothing is left
        pass
    leases.close()


def test_a_binary_under_a_pure_key_is_not_used(store, wheel):
    """As an imported directory or another writer may have left it."""
    store.put(BuildKey(exact=KEY.pure, pure=KEY.pure), wheel, provenance(), ())
    assert store.get(KEY) is None
    assert store.get(BuildKey(exact=KEY.pure, pure=KEY.pure)) is not None


def test_a_damaged_entry_that_another_process_replaced_meanwhile_stays(store, wheel, tmp_path):
    place = store.put(KEY, wheel, provenance(), ()).path.parent
    whole = (place / wheel.name).read_bytes()
    (place / wheel.name).write_bytes(b"damaged")
    said = []

    def tell(text):
        said.append(text)
        (place / wheel.name).write_bytes(whole)  # what the other one stores between our look and our removal

    leases = Leases(tmp_path / "in-use.lock")
    store._leases.close()
    assert LocalWheelStore(tmp_path / "wheels", leases, tell).get(KEY) is None
    assert said == [f"ignoring a damaged wheel, which is built again: {place}"]
    assert store.get(KEY).path.read_bytes() == whole
    leases.close()
