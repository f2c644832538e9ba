"""How long a first look-up in a file index takes, beyond what a process needs anyway.

    python tests/bench/index_lookup.py [RUNS]

Each run is a fresh process that finds the index, looks one need up and ranks what it finds. It takes turns with
``python -c pass`` and with one that imports ``accel_doctor.model``, as every command does before it gets to work.
Medians beyond either are printed; the goal is under 30 ms.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time

MODEL = "import accel_doctor.model"
NEEDS = (
    "header:zlib.h",
    "header:config.h",
    "pkgconfig:cairo",
    "library:pq",
    "command:swig",
    "cmake:fmt",
    "header:no.h",
)
IMPORTS = """
from accel_doctor.fileindex import find_index, rank
from accel_doctor.model import Distribution, Need
"""
LOOK_UP = """
index = find_index(Distribution("debian", "sid", "sid"))
rank(Need.parse({need!r}), index)
"""


def milliseconds(code: str) -> float:
    started = time.perf_counter()
    subprocess.run([sys.executable, "-c", code], check=True)
    return (time.perf_counter() - started) * 1000


def main(runs: int) -> None:
    codes = {MODEL: MODEL, "imports alone": IMPORTS, **{need: IMPORTS + LOOK_UP.format(need=need) for need in NEEDS}}
    taken: dict[str, list[float]] = {name: [] for name in codes}
    for code in codes.values():
        milliseconds(code)  # compiled files and caches are there from the second run on
    for _ in range(runs):
        base = milliseconds("pass")
        for name, code in codes.items():
            taken[name].append(milliseconds(code) - base)
    model = statistics.median(taken.pop(MODEL))
    print(f"{MODEL}: {model:.1f} ms beyond python -c pass")
    for name, values in taken.items():
        whole = statistics.median(values)
        print(f"{name}: {whole - model:.1f} ms beyond that, {whole:.1f} ms beyond python -c pass (goal: under 30)")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 20)
