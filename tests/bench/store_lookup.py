"""How long the wheel store takes to hand out an environment's wheels, each read and checked by hash.

    python tests/bench/store_lookup.py [WHEELS] [RUNS]

Stores WHEELS (150) wheels of sizes as compiled ones have them (median 0.27 MB, the largest 20 MB), then asks for all of
them RUNS (5) times. Prints wall clock and processor time, one after the other and from eight threads, as
``install`` asks.
"""

from __future__ import annotations

import hashlib
import os
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))
from fakes import provenance

from accel_doctor.model.wheels import BuildKey
from accel_doctor.store.locks import Leases
from accel_doctor.store.wheels.wheel_store import LocalWheelStore


def main(wheels: int, runs: int) -> None:
    with tempfile.TemporaryDirectory(prefix="bench-", dir=os.environ.get("BENCH_DIR")) as scratch:
        keys = [BuildKey(hashlib.sha256(str(number).encode()).hexdigest(), "f" * 64) for number in range(wheels)]
        total = fill(Path(scratch), keys)
        print(f"{wheels} wheels, {total / 1e6:.0f} MB, {runs} runs, medians")
        for label, ask in (("one after the other", one_by_one), ("eight threads", from_threads)):
            times = [timed(Path(scratch), keys, ask) for _ in range(runs)]
            wall, processor = (statistics.median(column) for column in zip(*times, strict=True))
            print(f"{label}: {wall:.3f} s, {processor:.3f} s of processor time")


def opened(cache: Path) -> tuple[LocalWheelStore, Leases]:
    leases = Leases(cache / "in-use.lock")
    return LocalWheelStore(cache / "wheels", leases, print), leases


def fill(cache: Path, keys: list[BuildKey]) -> int:
    store, leases = opened(cache)
    chance, total = random.Random(1), 0
    for number, key in enumerate(keys):
        size = int(min(20e6, chance.lognormvariate(12.5, 1.6)))
        wheel = cache / f"x{number}-1-cp313-cp313-linux_x86_64.whl"
        wheel.write_bytes(chance.randbytes(size))
        store.put(key, wheel, provenance(), ())
        wheel.unlink()
        total += size
    leases.close()
    return total


def timed(
    cache: Path, keys: list[BuildKey], ask: Callable[[LocalWheelStore, list[BuildKey]], int]
) -> tuple[float, ...]:
    store, leases = opened(cache)
    wall, processor = time.perf_counter(), time.process_time()
    found = ask(store, keys)
    taken = time.perf_counter() - wall, time.process_time() - processor
    leases.close()
    if found != len(keys):
        sys.exit(f"{len(keys) - found} wheels were not found")
    return taken


def one_by_one(store: LocalWheelStore, keys: list[BuildKey]) -> int:
    return sum(store.get(key) is not None for key in keys)


def from_threads(store: LocalWheelStore, keys: list[BuildKey]) -> int:
    with ThreadPoolExecutor(8) as pool:
        return sum(wheel is not None for wheel in pool.map(store.get, keys))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 150, int(sys.argv[2]) if len(sys.argv) > 2 else 5)
