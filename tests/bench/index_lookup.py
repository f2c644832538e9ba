"""How long a first look-up in a file index takes, beyond what the interpreter takes to start.

    python tests/bench/index_lookup.py [RUNS]

Each run is a fresh process that imports the library, finds the index, looks one need up and ranks what it finds; the
last ones are the command, ``accel-doctor why``, which reads rules as well. They take turns with ``python -c pass``.
Medians beyond that are printed, of the time on the clock and of the processor's; a look-up should take under 100
ms of the processor beyond the imports, which every command has made already.
"""

from __future__ import annotations

import os
import statistics
import sys
import time
from pathlib import Path

NEEDS = (
    "header:zlib.h",
    "header:config.h",  # in 230 packages
    "pkgconfig:cairo",
    "library:pq",
    "command:swig",
    "cmake:fmt",
    "header:no.h",
)
IMPORTS = """
from accel_doctor.fileindex import find_index, rank
from accel_doctor.model.machine import Distribution
from accel_doctor.model.needs import Need
"""
LOOK_UP = """
index = find_index(Distribution("debian", "sid", "sid"))
rank(Need.parse({need!r}), index)
"""


def milliseconds(argv: list[str]) -> tuple[float, float]:
    """On the clock, and of processor time, of one process."""
    started = time.perf_counter()
    silent = [(os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)]
    child = os.posix_spawn(argv[0], argv, os.environ, file_actions=silent)
    used = os.wait4(child, 0)[2]
    return (time.perf_counter() - started) * 1000, (used.ru_utime + used.ru_stime) * 1000


def main(runs: int) -> None:
    codes = {"imports alone": IMPORTS, **{need: IMPORTS + LOOK_UP.format(need=need) for need in NEEDS}}
    commands = {name: [sys.executable, "-c", code] for name, code in codes.items()}
    script = str(Path(sys.executable).with_name("accel-doctor"))
    for need in ("header:zlib.h", "header:glibtop.h"):  # with a rule, and without
        commands[f"why {need}"] = [script, "why", need, "--distro", "debian:sid"]
    for argv in commands.values():
        milliseconds(argv)  # compiled files and caches are there from the second run on
    base: list[tuple[float, float]] = []
    taken: dict[str, list[tuple[float, float]]] = {name: [] for name in commands}
    for _ in range(runs):
        base.append(milliseconds([sys.executable, "-c", "pass"]))
        for name, argv in commands.items():
            taken[name].append(milliseconds(argv))
    wall, cpu = (statistics.median(column) for column in zip(*base, strict=True))
    print(f"python -c pass: {wall:.1f} ms, {cpu:.1f} ms of processor time")
    imports = statistics.median(used for _, used in taken["imports alone"])
    for name, values in taken.items():
        clock, used = (statistics.median(column) for column in zip(*values, strict=True))
        goal = f", {used - imports:.1f} beyond the imports (goal: under 100)" if name in NEEDS else ""
        print(f"{name}: {clock - wall:.1f} ms beyond that, {used - cpu:.1f} ms of processor time{goal}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 20)
