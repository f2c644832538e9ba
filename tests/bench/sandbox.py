"""The same builds with and without the sandbox, on a fresh Debian machine.

    python tests/bench/sandbox.py [ROUNDS] [--suite SUITE] [--pick NAME...]

As root, with mmdebstrap. Builds the fast source distributions that ``sandboxed.txt`` lists for it, and the ten of
``docs/tutorial/requirements.txt``. First ``accel-doctor install --yes`` once, which installs the system packages and
fills uv's cache. Then ``--sandbox on`` and ``--sandbox off`` in turn, each with an empty cache of its own, without
``apt-get`` and without imports. Prints the sums of the medians of all builds, the processor time of the whole commands,
and what is built in only one of them.

On a machine that others load, only the ratio of the processor times means anything. ``--pick`` measures other
requirements, prints those that are built at once by their seconds, and ends.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests")]

from integration.machine import Base, Machine, machine  # noqa: E402  below tests/

DOCTOR = "/doctor/bin/accel-doctor"
LIST = Path(__file__).with_name("sandboxed.txt")
TEN = ROOT / "docs" / "tutorial" / "requirements.txt"

Times = dict[str, float]


def fast(suite: str) -> list[str]:
    """Return the listed requirements of a suite: lines of the suite and a requirement."""
    lines = [line.split() for line in LIST.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    return [requirement for name, requirement in lines if name == suite]


def ten() -> list[str]:
    """Return what the tutorial compiles."""
    text = TEN.read_text(encoding="utf-8").partition("# Ordinary wheels")[0]
    return [line for line in text.splitlines() if "==" in line]


def prepare(fresh: Machine, wheel: Path) -> None:
    """Install accel-doctor."""
    fresh.copy_in(wheel, f"/root/{wheel.name}")
    fresh.must("python3", "-m", "venv", "/doctor")
    fresh.must("/doctor/bin/pip", "install", "--quiet", f"/root/{wheel.name}")
    fresh.must("/doctor/bin/python", "-m", "compileall", "-q", "/doctor/lib")


def built(fresh: Machine, cache: str, requirements: Sequence[str], *options: str) -> tuple[Times, float]:
    """Build the requirements into an empty cache; return the seconds of each build, and the processor time of all."""
    names = [option for one in requirements for option in ("--no-binary", one.partition("==")[0].partition("[")[0])]
    argv = [
        DOCTOR, "install", *options, "--no-verify", "--no-deps", "--cache-dir", f"/root/{cache}", "--target",
        f"/root/{cache}-target", "--report", f"/root/{cache}.json", *names, *requirements,
    ]  # fmt: skip
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = fresh.run(*argv, timeout=3600)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    report = fresh.path(f"/root/{cache}.json")
    if not report.exists():
        sys.exit(f"accel-doctor ended with {done.returncode}:\n{done.output[-3000:]}{done.stderr[-3000:]}")
    document = json.loads(report.read_text(encoding="utf-8"))
    times = {f"{one['name']} {one['version']}": one["seconds"] for one in document["built"] if not one["reused"]}
    print(f"  {cache}: {document.get('sandbox')}; load {os.getloadavg()[0]:.1f}", flush=True)
    return times, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def compare(fresh: Machine, rounds: int, requirements: Sequence[str]) -> None:
    """Build in turn with and without the sandbox, and print the figures."""
    seconds: dict[str, dict[str, list[float]]] = {"on": {}, "off": {}}
    spent: dict[str, list[float]] = {"on": [], "off": []}
    for number in range(rounds):
        for choice in ("on", "off") if number % 2 else ("off", "on"):
            times, used = built(fresh, f"{choice}-{number}", requirements, "--no-system", "--sandbox", choice)
            spent[choice].append(used)
            for name, one in times.items():
                seconds[choice].setdefault(name, []).append(one)
        print(
            f"round {number + 1}: processor time {spent['on'][-1]:.1f} s against {spent['off'][-1]:.1f} s", flush=True
        )
    both = seconds["on"].keys() & seconds["off"].keys()
    for choice, names in seconds.items():
        print(f"built with the sandbox {choice} only: {sorted(names.keys() - both) or 'none'}")
    sums = {choice: sum(statistics.median(names[name]) for name in both) for choice, names in seconds.items()}
    medians = {choice: statistics.median(times) for choice, times in spent.items()}
    print(f"{len(both)} built in both; sums of the medians: {sums['on']:.1f} s against {sums['off']:.1f} s:", end=" ")
    print(f"{sums['on'] / sums['off']:.3f}")
    print(f"processor time: {medians['on']:.1f} s against {medians['off']:.1f} s: {medians['on'] / medians['off']:.3f}")


def main(rounds: int, suite: str, picked: Sequence[str]) -> None:
    with tempfile.TemporaryDirectory(prefix="bench-") as scratch, machine(Base(suite)) as fresh:
        build = [sys.executable, "-m", "uv", "build", "--quiet", "--wheel", "--out-dir", scratch, str(ROOT)]
        subprocess.run(build, check=True, stdin=subprocess.DEVNULL)
        prepare(fresh, next(Path(scratch).glob("accel_doctor-*.whl")))
        requirements = picked or [*fast(suite), *ten()]
        built(fresh, "first", requirements, "--yes")
        if not picked:
            compare(fresh, rounds, requirements)
            return
        times, _ = built(fresh, "second", requirements, "--no-system", "--sandbox", "off")
        for name, seconds in sorted(times.items(), key=lambda item: item[1]):
            print(f"{seconds:8.2f}  {name.replace(' ', '==')}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(usage=(__doc__ or "").splitlines()[2].strip())
    parser.add_argument("rounds", nargs="?", type=int, default=3)
    parser.add_argument("--suite", default="trixie")
    parser.add_argument("--pick", nargs="+", default=())
    options = parser.parse_args()
    main(options.rounds, options.suite, options.pick)
