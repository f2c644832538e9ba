"""The wheel store with shared levels behind it, on real directories and real servers."""

from __future__ import annotations

import json
import re
import threading
import zipfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from fakes import provenance
from level_server import answering, drop_half_way, endless, hang, level_server, serve, tampering, timeout_for, trickle

from accel_doctor.errors import LevelDeniedError, LevelError
from accel_doctor.model.wheels import BuildKey, Link
from accel_doctor.store.levels.levelled_store import LevelledStore
from accel_doctor.store.levels.opening import LevelSettings
from accel_doctor.store.levels.shared_level import SharedLevel
from accel_doctor.store.levels.signing import Signatures, read_signatures
from accel_doctor.store.locks import Leases
from accel_doctor.store.wheels.wheel_store import LocalWheelStore

LINKS = (Link("libffi.so.8", ("LIBFFI_BASE_8.0",), "libffi8"),)


def key(number: int = 0) -> BuildKey:
    return BuildKey(exact=f"ab{number:062d}", pure=f"cd{number:062d}")


@dataclass
class Machine:
    """One machine's store and what it was told."""

    path: Path
    warnings: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)

    def note(self, text: str) -> None:
        self.warnings.append(text)

    def step(self, text: str) -> None:
        self.said.append(text)

    def store(self, *levels: object, signatures: Signatures | None = None) -> LevelledStore:
        work = self.path / "work"
        work.mkdir(parents=True, exist_ok=True)
        opened = [self.level(level) for level in levels]
        local = LocalWheelStore(self.path / "wheels", Leases(self.path / "in-use.lock"), self.warnings.append)
        return LevelledStore(local, opened, signatures or Signatures(), work, self)

    def level(self, level: object) -> SharedLevel:
        if isinstance(level, (str, Path)):
            return LevelSettings((str(level),)).opened({}, self.path, self)[0][0]
        return SharedLevel(level, getattr(level, "timeout", 60), self)

    def build(self, *levels: object, numbers: range = range(1), signatures: Signatures | None = None) -> None:
        """Build wheels and end the run."""
        store = self.store(*levels, signatures=signatures)
        with store.finishing():
            for number in numbers:
                assert store.get(key(number)) is None
                store.confirm(store.put(key(number), self.wheel(number), provenance(), LINKS), ())

    def wheel(self, number: int = 0) -> Path:
        path = self.path / f"cffi{number}-2.1.1-cp313-cp313-linux_x86_64.whl"
        path.write_bytes(content(number))
        return path


def content(number: int = 0) -> bytes:
    return b"a wheel %d" % number


@pytest.fixture
def builder(tmp_path):
    (tmp_path / "builder").mkdir()
    return Machine(tmp_path / "builder")


@pytest.fixture
def user(tmp_path):
    (tmp_path / "user").mkdir()
    return Machine(tmp_path / "user")


@pytest.fixture
def shared(tmp_path):
    path = tmp_path / "shared"
    path.mkdir()
    return path


@pytest.fixture
def server():
    with level_server() as server:
        yield server


def publish(shared: Path, server) -> None:
    """What is in the directory is served."""
    for path in shared.rglob("*"):
        if path.is_file():
            server.objects[f"/{path.relative_to(shared)}"] = path.read_bytes()


def test_what_one_machine_built_another_takes_and_keeps(builder, user, shared):
    builder.build(shared)
    taken = user.store(shared).get(key())
    assert taken.path.read_bytes() == content()
    assert taken.path.is_relative_to(user.path / "wheels")
    assert taken.links == LINKS
    assert user.store().get(key()) == taken
    assert builder.warnings == user.warnings == []


def test_a_wheel_is_sent_once_it_was_imported_with_the_libraries_that_it_opens(builder, user, shared):
    opened = (Link("libmagic"),)
    store = builder.store(shared)
    with store.finishing():
        for number in range(3):
            store.put(key(number), builder.wheel(number), provenance(), LINKS)
        store.confirm(store.get(key(1)), opened)
        store.discard(store.get(key(2)))
    assert [user.store(shared).get(key(number)) is not None for number in range(3)] == [False, True, False]
    taken = user.store(shared).get(key(1))
    assert (taken.links, taken.imported) == ((*LINKS, *opened), True)
    assert [builder.store().get(key(number)) is not None for number in range(3)] == [True, True, False]
    later = builder.store(shared)
    with later.finishing():
        later.confirm(later.get(key(0)), ())  # by another run
    assert user.store(shared).get(key(0)) is not None


def test_a_wheel_without_binaries_serves_other_exact_keys(builder, user, shared):
    wheel = builder.path / "six-1.17-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("six-1.17.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\n")
    store = builder.store(shared)
    with store.finishing():
        store.confirm(store.put(key(), wheel, provenance(), ()), ())
    other = BuildKey(exact="ef" + "0" * 62, pure=key().pure)
    assert user.store(shared).get(other).path.name == wheel.name
    assert user.store(shared).get(BuildKey(exact=key().exact, pure=key(1).pure)) is None


def test_a_wheel_with_binaries_under_a_pure_key_is_refused(builder, user, shared):
    builder.build(shared)
    [entry] = shared.rglob("entry.json")
    fields = json.loads(entry.read_text())
    place = shared / "wheels/v2/cd" / key().pure
    place.parent.mkdir()
    entry.parent.rename(place)
    (place / "entry.json").write_text(json.dumps({**fields, "key": key().pure}))
    assert user.store(shared).get(key()) is None
    assert user.warnings == [
        f"skipping shared level {shared} for the rest of this run: "
        "cffi0-2.1.1-cp313-cp313-linux_x86_64.whl does not match its entry"
    ]


def test_levels_are_asked_in_order_and_earlier_ones_filled(builder, user, shared, tmp_path):
    near = tmp_path / "near"
    near.mkdir()
    builder.build(shared)
    store = user.store(near, f"{tmp_path}/frozen?read-only", shared)
    (tmp_path / "frozen").mkdir()
    with store.finishing():
        assert store.get(key()).path.read_bytes() == content()
    assert sorted(path.relative_to(near) for path in near.rglob("*")) == sorted(
        path.relative_to(shared) for path in shared.rglob("*")
    )
    assert list((tmp_path / "frozen").iterdir()) == []
    third = Machine(tmp_path / "third")
    third.path.mkdir()
    assert third.store(near).get(key()).path.read_bytes() == content()
    assert user.warnings == third.warnings == []


def test_a_key_is_asked_for_once_in_a_run(user, server):
    store = user.store(server.url)
    assert store.get(key()) is store.get(key()) is None
    assert [path for path, _ in server.seen] == [
        f"/wheels/v2/ab/{key().exact}/entry.json",
        f"/wheels/v2/cd/{key().pure}/entry.json",
    ]


@pytest.mark.parametrize(
    ("behaviour", "reason"),
    [
        (hang, "wheels/v2/.*/entry.json: timed out|no answer within 4 s"),
        (answering(500), "wheels/v2/.*/entry.json: the server answered 500 Internal Server Error"),
        (drop_half_way, "wheels/v2/.*/entry.json: peer closed connection without .*"),
        (endless, "wheels/v2/.*/entry.json: larger than 1048576 bytes"),
        (tampering, r"cffi\d+-2.1.1-cp313-cp313-linux_x86_64.whl does not match its entry"),
        (
            lambda handler: handler.answer(200, b"<html>Please log in"),
            "wheels/v2/.*/entry.json: invalid entry: .*",
        ),
    ],
)
def test_a_level_in_trouble_is_told_once_and_left_out_whoever_waits(builder, user, shared, server, behaviour, reason):
    numbers = range(50)
    builder.build(shared, numbers=numbers)
    publish(shared, server)
    server.behaviours = [behaviour]
    store = user.store(f"{server.url}?timeout={timeout_for(behaviour)}&retries=0")
    with ThreadPoolExecutor(16) as pool:
        assert set(pool.map(lambda number: store.get(key(number)), numbers)) == {None}
    [warning] = user.warnings
    opening = f"skipping shared level {server.url} for the rest of this run: "
    assert warning.startswith(opening)
    assert re.fullmatch(reason, warning.removeprefix(opening))
    assert store.get(key(1000)) is None
    assert not [path for path, _ in server.seen if key(1000).exact in path]


def test_another_level_serves_what_a_broken_one_does_not(builder, user, shared, server):
    builder.build(shared)
    publish(shared, server)
    server.behaviours = [tampering]
    store = user.store(f"{server.url}?retries=0", shared)
    assert store.get(key()).path.read_bytes() == content()
    assert len(user.warnings) == 1


def test_a_connection_that_breaks_once_is_no_trouble(builder, user, shared, server):
    builder.build(shared)
    publish(shared, server)
    server.behaviours = [drop_half_way, answering(503), serve]
    assert user.store(server.url).get(key()).path.read_bytes() == content()
    assert user.warnings == []


@pytest.mark.parametrize("change", [{"key": key(7).exact}, {"size": 5 << 30}, {"schema": 1}, {"file": "../x.whl"}])
def test_entries_that_cannot_be_are_refused(builder, user, shared, change):
    builder.build(shared)
    [entry] = shared.rglob("entry.json")
    entry.write_text(json.dumps({**json.loads(entry.read_text()), **change}))
    assert user.store(shared).get(key()) is None
    [warning] = user.warnings
    assert f"skipping shared level {shared} for the rest of this run: wheels/v2/ab/{key().exact}/entry" in warning


@dataclass
class Stuck:
    """A file server that is gone: requests hang in the kernel."""

    released: threading.Event = field(default_factory=threading.Event)
    name: str = "stuck"
    writable: bool = True
    timeout: float = 0.3

    def fetch(self, object_name, target, limit):
        self.released.wait()
        raise LevelError("released")

    def send(self, object_name, source):
        self.fetch(object_name, source, 0)


def test_what_hangs_in_the_kernel_costs_one_deadline(user, monkeypatch):
    monkeypatch.setattr("accel_doctor.store.levels.shared_level.SLOWEST", 1 << 30)
    stuck = Stuck()
    store = user.store(stuck)
    with ThreadPoolExecutor(50) as pool:
        assert set(pool.map(lambda number: store.get(key(number)), range(50))) == {None}
    assert user.warnings == [
        "skipping shared level stuck for the rest of this run: no answer within 0 s",
    ]
    stuck.released.set()


@dataclass
class FailingOnce:
    """Hangs for everyone, and fails for one who comes when three others wait."""

    waiting: threading.Barrier = field(default_factory=lambda: threading.Barrier(4))
    released: threading.Event = field(default_factory=threading.Event)
    name: str = "failing"
    writable: bool = False

    def fetch(self, object_name, target, limit):
        self.waiting.wait()
        if key(0).exact in object_name:
            raise LevelError("broken")
        self.released.wait()
        raise LevelError("released")


def test_whoever_waits_for_a_level_goes_on_when_it_is_left_out(user):
    failing = FailingOnce()
    store = user.store(failing)
    with ThreadPoolExecutor(4) as pool:
        assert set(pool.map(lambda number: store.get(key(number)), range(4), timeout=30)) == {None}
    assert user.warnings == ["skipping shared level failing for the rest of this run: broken"]
    failing.released.set()


@dataclass
class Counting:
    """Lets four requests go on together, and counts how many are under way."""

    together: threading.Barrier = field(default_factory=lambda: threading.Barrier(4))
    state: threading.Lock = field(default_factory=threading.Lock)
    under_way: int = 0
    most: int = 0
    name: str = "counting"
    writable: bool = False

    def fetch(self, object_name, target, limit):
        with self.state:
            self.under_way += 1
            self.most = max(self.most, self.under_way)
        self.together.wait()
        with self.state:
            self.under_way -= 1
        return False


@pytest.mark.parametrize(("size", "most"), [((1 << 20) + 1, 4), (1 << 20, 8)])
def test_large_objects_share_the_line_with_few(user, size, most):
    counting = Counting(threading.Barrier(4 if most == 4 else 8))
    level = user.level(counting)
    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(lambda number: level.fetch(str(number), user.path, size), range(8), timeout=30)) == {False}
    assert counting.most == most
    assert user.warnings == []


def test_a_level_that_sends_a_little_for_ever_is_bounded(user, server, monkeypatch):
    monkeypatch.setattr("accel_doctor.store.levels.shared_level.SLOWEST", 1 << 30)
    server.behaviours = [trickle]
    assert user.store(f"{server.url}?timeout=1").get(key()) is None
    assert user.warnings == [f"skipping shared level {server.url} for the rest of this run: no answer within 1 s"]


class Own:
    """A backend of another package, with a fault of its own."""

    name = "own"
    writable = True

    def fetch(self, object_name, target, limit):
        raise ZeroDivisionError("division by zero")

    def send(self, object_name, source):
        self.fetch(object_name, source, 0)


def test_faults_of_other_packages_end_no_run(user):
    user.build(Own())
    assert user.warnings == ["skipping shared level own for the rest of this run: ZeroDivisionError: division by zero"]


def test_a_level_that_cannot_be_written_is_still_read(builder, user, shared):
    builder.build(shared)
    level = Unwritable(shared)
    store = user.store(level)
    with store.finishing():
        for number in range(1, 4):
            kept = store.put(key(number), user.wheel(number), provenance(), ())
            assert kept.path.read_bytes() == content(number)
            store.confirm(kept, ())
    assert user.warnings == ["not writing to shared level unwritable for the rest of this run: no"]
    assert store.get(key()).path.read_bytes() == content()


class Unwritable:
    name = "unwritable"
    writable = True

    def __init__(self, path):
        from accel_doctor.store.levels.address import parse_address
        from accel_doctor.store.levels.directory_level import DirectoryLevel

        self.fetch = DirectoryLevel(parse_address(str(path)), {}).fetch

    def send(self, object_name, source):
        raise LevelDeniedError("no")


def test_a_run_in_which_everything_is_refused_is_told_at_its_end(user, server):
    server.behaviours = [answering(403)]
    store = user.store(server.url)
    with store.finishing():
        assert store.get(key()) is store.get(key(1)) is None
        assert user.warnings == []
    assert user.warnings == [
        f"shared level {server.url} denied every lookup: check the credentials (without permission to list, missing "
        f"wheels are denied too): wheels/v2/cd/{key(1).pure}/entry.json: the server answered 403 Forbidden"
    ]


def test_an_entry_appears_after_its_wheel_and_a_run_waits_for_both(builder, shared):
    slow = Slow(shared)
    store = builder.store(slow)

    def step(text):
        builder.said.append(text)
        assert slow.sent == []
        slow.released.set()

    builder.step = step
    with store.finishing():
        store.confirm(store.put(key(), builder.wheel(), provenance(), ()), ())
    assert builder.said == ["Sending 1 wheel to shared levels"]
    assert [name.rpartition("/")[2] for name in slow.sent] == [builder.wheel().name, "entry.json"]


@dataclass
class Slow:
    path: Path
    name: str = "slow"
    writable: bool = True
    released: threading.Event = field(default_factory=threading.Event)
    sent: list[str] = field(default_factory=list)

    def fetch(self, object_name, target, limit):
        return False

    def send(self, object_name, source):
        self.released.wait()
        self.sent.append(object_name)


def test_an_interrupted_run_does_not_wait(builder):
    stuck = Stuck(timeout=60)
    store = builder.store(stuck)

    def run():
        with store.finishing():
            store.confirm(store.put(key(), builder.wheel(), provenance(), ()), ())
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run()
    assert builder.said == builder.warnings == []
    stuck.released.set()


def test_where_nothing_can_be_kept_the_wheel_is_there_all_the_same(builder, user, shared):
    builder.build(shared)
    (user.path / "wheels").write_text("a file where the store should be")
    store = user.store(shared)
    assert store.get(key()).path.read_bytes() == content()
    assert len(user.warnings) == 1
    assert user.warnings[0].startswith(f"cannot write to the wheel store {user.path / 'wheels'}")


def test_unsigned_wheels_are_refused_with_one_warning(builder, user, shared, tmp_path):
    secret = tmp_path / "secret"
    secret.write_bytes(b"0123456789abcdef0123456789abcdef")
    secret.chmod(0o600)
    signatures = read_signatures(secret, [], required=True)
    builder.build(shared, numbers=range(3))
    store = user.store(shared, signatures=signatures)
    assert [store.get(key(number)) for number in range(3)] == [None] * 3
    assert user.warnings == [
        f"ignoring wheels of shared level {shared}: not signed (cffi0-2.1.1-cp313-cp313-linux_x86_64.whl, ...)"
    ]
    # What is built here instead is signed, and takes the place of what was not.
    with store.finishing():
        store.confirm(store.put(key(1), user.wheel(1), provenance(), ()), ())
    third = Machine(tmp_path / "third")
    third.path.mkdir()
    store = third.store(shared, signatures=signatures)
    assert store.get(key(1)).path.read_bytes() == content(1)
    assert store.get(key(0)) is None


def test_an_entry_that_was_changed_after_it_was_signed(builder, user, shared, tmp_path):
    secret = tmp_path / "secret"
    secret.write_bytes(b"0123456789abcdef0123456789abcdef")
    secret.chmod(0o600)
    signatures = read_signatures(secret, [], required=False)
    builder.build(shared, signatures=signatures)
    [entry] = shared.rglob("entry.json")
    entry.write_text(entry.read_text().replace("libffi8", "libevil8"))
    assert user.store(shared, signatures=signatures).get(key()) is None
    assert user.warnings == [
        f"ignoring wheels of shared level {shared}: the signature does not match "
        "(cffi0-2.1.1-cp313-cp313-linux_x86_64.whl, ...)"
    ]
