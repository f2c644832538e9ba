"""The first run on a fresh Debian machine, beside an oracle that knows every system package beforehand.

    python tests/bench/beside_an_oracle.py [ROUNDS] [REQUIREMENTS] [--suite SUITE] [--lines]

As root, with mmdebstrap: each run has a machine of its own, without a compiler and without package lists. Ours is
``accel-doctor install --yes`` of REQUIREMENTS (default: docs/tutorial/requirements.txt). The oracle's is
``apt-get update``, ``apt-get install`` of what our run installed, and ``uv pip install`` of the same file. They take
turns. Prints the ratio of the medians, on the clock and of processor time, the ratio of each pair, and the time per
phase: from each stage that the command announces to the next. ``--lines`` prints each line of ours with the second at
which it came.

On a machine that others load, only the ratio of the processor times means anything.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from second_run import REQUIREMENTS, requirements_for_uv

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests")]

from integration.machine import Base, Machine, machine  # noqa: E402  below tests/

STAGES = ("Resolving", "Building ", "Missing on ", "Installing ", "Importing ")
DOCTOR = "/doctor/bin/accel-doctor"

Phases = list[tuple[str, float]]


def prepare(fresh: Machine, wheel: Path, requirements: Path) -> None:
    """Install accel-doctor, make the environment to install into, and forget the package lists."""
    for file in (wheel, requirements):
        fresh.copy_in(file, f"/root/{file.name}")
    fresh.must("python3", "-m", "venv", "/doctor")
    fresh.must("/doctor/bin/pip", "install", "--quiet", f"/root/{wheel.name}")
    fresh.must("python3", "-m", "venv", "/root/demo")
    fresh.run("apt-get", "clean")
    fresh.forget_package_lists()
    os.sync()


def ours(fresh: Machine, requirements: Path, log: Path, lines: bool) -> tuple[Phases, list[str]]:
    """Run accel-doctor; return its phases, and the system packages that it installed."""
    started = time.perf_counter()
    marks: Phases = []

    def hear(line: str) -> None:
        now = time.perf_counter() - started
        if lines:
            print(f"{now:7.2f}  {line[:150]}", flush=True)
        if line.startswith(STAGES):
            marks.append((" ".join(line.split(",")[0].split()[:4]), now))

    argv = [DOCTOR, "install", "--yes", "--python", "/root/demo", "--report", "/root/report.json"]
    done = fresh.runner().record([*argv, "-r", f"/root/{requirements.name}"], log, on_line=hear)
    whole = time.perf_counter() - started
    if done.returncode:
        sys.exit(f"accel-doctor ended with {done.returncode}:\n{log.read_text()[-4000:]}")
    marks = [("starting", 0.0), *marks, ("", whole)]
    phases = [(name, after - at) for (name, at), (_, after) in itertools.pairwise(marks)]
    report = json.loads(fresh.path("/root/report.json").read_text())
    transactions = report["transactions"]
    names = [package["name"] for transaction in transactions for package in transaction["system_packages"]]
    return phases, names


def oracle(fresh: Machine, requirements: Path, names: list[str]) -> Phases:
    """Do the same by hand, knowing the packages."""
    steps = {
        "apt-get update": ["apt-get", "update"],
        "apt-get install": ["apt-get", "install", "-y", "--no-install-recommends", *names],
        "uv pip install": ["/doctor/bin/uv", "pip", "install", "--python", "/root/demo", "-r",
                           f"/root/{requirements.name}"],
    }  # fmt: skip
    phases = []
    for name, argv in steps.items():
        started = time.perf_counter()
        fresh.must(*argv, environment={"DEBIAN_FRONTEND": "noninteractive"}, timeout=900)
        phases.append((name, time.perf_counter() - started))
    return phases


def processor_time() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def whole(phases: Phases) -> float:
    return sum(seconds for _, seconds in phases)


def show(title: str, runs: list[Phases]) -> None:
    print(f"\n{title}: {statistics.median(map(whole, runs)):.1f} s")
    for place, (name, _) in enumerate(runs[0]):
        times = [phases[place][1] for phases in runs if len(phases) > place]
        print(f"  {statistics.median(times):7.1f}  {name}")


def main(rounds: int, requirements: Path, suite: str, lines: bool) -> None:
    base = Base(suite)
    with tempfile.TemporaryDirectory(prefix="bench-") as scratch:
        work = Path(scratch)
        build = [sys.executable, "-m", "uv", "build", "--quiet", "--wheel", "--out-dir", scratch, str(ROOT)]
        subprocess.run(build, check=True, stdin=subprocess.DEVNULL)
        wheel = next(work.glob("accel_doctor-*.whl"))
        for_uv = requirements_for_uv(requirements, work)
        runs: dict[str, list[Phases]] = {"accel-doctor": [], "oracle": []}
        spent: dict[str, list[float]] = {"accel-doctor": [], "oracle": []}
        for number in range(rounds):
            with machine(base) as fresh:
                prepare(fresh, wheel, requirements)
                before = processor_time()
                phases, names = ours(fresh, requirements, work / f"{number}.log", lines)
                spent["accel-doctor"].append(processor_time() - before)
            with machine(base) as fresh:
                prepare(fresh, wheel, for_uv)
                before = processor_time()
                runs["oracle"].append(oracle(fresh, for_uv, names))
                spent["oracle"].append(processor_time() - before)
            runs["accel-doctor"].append(phases)
            print(f"pair {number + 1}: {whole(phases) / whole(runs['oracle'][-1]):.2f}", flush=True)
    for title, all_phases in runs.items():
        show(title, all_phases)
    processors = [statistics.median(times) for times in spent.values()]
    print(f"\nprocessor time: {processors[0]:.1f} s against {processors[1]:.1f} s: {processors[0] / processors[1]:.2f}")
    medians = [statistics.median(map(whole, each)) for each in runs.values()]
    print(f"accel-doctor against the oracle: {medians[0] / medians[1]:.2f}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(usage=(__doc__ or "").splitlines()[2].strip())
    parser.add_argument("rounds", nargs="?", type=int, default=3)
    parser.add_argument("requirements", nargs="?", type=Path, default=REQUIREMENTS)
    parser.add_argument("--suite", default="trixie")
    parser.add_argument("--lines", action="store_true")
    options = parser.parse_args()
    main(options.rounds, options.requirements, options.suite, options.lines)
