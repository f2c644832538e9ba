"""``kill -9`` at 200 moments of storing, publishing, removing and pruning: never a wrong wheel, never half a one.

Two processes work on one store at a time. Each is killed by its own hand after so many lines of the store's code (and
of what it calls to copy and remove files), so that the moments are spread evenly and the same on every run.
"""

from __future__ import annotations

import os
import subprocess
import sys

from paths import SUPPORT

MOMENTS = 200

SCRIPT = """
import os, random, shutil, signal, sys
from pathlib import Path

from fakes import provenance
from accel_doctor.store import housekeeping, kinds, locks, publishing
from accel_doctor.store.wheels import wheel_store as storing
from accel_doctor.store.housekeeping import Housekeeping
from accel_doctor.store.locks import Leases
from accel_doctor.store.wheels.wheel_store import LocalWheelStore
from accel_doctor.model.holdings import Limits
from accel_doctor.model.wheels import BuildKey
import packaging.utils, accel_doctor.wheelfile

cache, moments = Path(sys.argv[1]), int(sys.argv[2])
TRACED = {module.__file__ for module in (publishing, housekeeping, kinds, locks, storing, shutil)}
KEYS = [BuildKey(f"{number:064x}", "f" * 64) for number in range(6)]
NAME = "x-1-cp313-cp313-linux_x86_64.whl"


def content(key):
    # some are copied in one step, some in two
    return key.exact.encode() * (18_000 if int(key.exact, 16) % 3 == 0 else 10)


def opened():
    said = []
    held = Leases(cache / "in-use.lock")
    store = LocalWheelStore(cache / "wheels", held, said.append)
    return store, Housekeeping(kinds.kinds_of(cache, held, said.append)), held, said


def die_after(lines):
    left = lines

    def trace(frame, event, argument):
        nonlocal left
        if frame.f_code.co_filename not in TRACED:
            return None
        left -= 1
        if left <= 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return trace

    sys.settrace(trace)


def work(seed, lines):
    chance = random.Random(seed)
    store, keeping, held, said = opened()
    die_after(lines)
    while True:
        key = chance.choice(KEYS)
        match chance.randrange(5):
            case 0 | 1:
                kept = store.put(key, wheels / key.exact / NAME, provenance(), ())
                assert kept.path.read_bytes() == content(key)
            case 2:
                found = store.get(key)
                assert found is None or found.path.read_bytes() == content(key)
            case 3:
                keeping.prune(Limits(size=chance.randrange(4_000_000)), now=0)
            case 4:
                store.remove(key.exact)
        held.release(key.exact)
        assert not said, said


def forked(seed, lines):
    process = os.fork()
    if process == 0:
        try:
            work(seed, lines)
        finally:
            os._exit(1)  # an assertion or an error: neither was expected before the kill
    return process


# What a killed process wrote is in the kernel's hands already; waiting for the disk would only take time.
os.fsync = lambda descriptor: None

wheels = cache / "built"
for key in KEYS:
    (wheels / key.exact).mkdir(parents=True)
    (wheels / key.exact / NAME).write_bytes(content(key))

leftovers = 0
for moment in range(0, moments, 2):
    chance = random.Random(moment)
    pair = [forked(moment + one, chance.randrange(1, 1500)) for one in (0, 1)]
    for process in pair:
        _, status = os.waitpid(process, 0)
        assert os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL, (moment, status)
    store, keeping, held, said = opened()
    good, damaged = keeping.verify(fix=False)
    assert not damaged, (moment, damaged)
    for key in KEYS:
        found = store.get(key)
        assert found is None or found.path.read_bytes() == content(key), (moment, key)
    assert not said, (moment, said)
    held.close()
    leftovers += len(list((cache / "wheels" / "unfinished").glob("*")))
    if moment % 20 == 0:
        store, keeping, held, said = opened()
        removal = keeping.prune(Limits(), now=0)
        assert not removal.in_use, (moment, removal.in_use)
        assert not list((cache / "wheels" / "unfinished").glob("*")), moment
        held.close()

assert leftovers > 10, "no process was killed in the midst of anything"
print("survived", moments)
"""


def test_killed_at_any_moment_the_store_holds_whole_wheels_only(tmp_path):
    command = [sys.executable, "-c", SCRIPT, str(tmp_path / "cache"), str(MOMENTS)]
    environment = {**os.environ, "PYTHONPATH": str(SUPPORT)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == (f"survived {MOMENTS}\n", "")
