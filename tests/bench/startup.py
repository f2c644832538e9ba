"""How long ``accel-doctor --version`` and ``--help`` take, as multiples of ``python -c pass`` in the same interpreter.

    python tests/bench/startup.py [RUNS]

The commands take turns, so that a machine whose speed drifts slows all of them; medians of the pairwise ratios are
printed. The goals are under 6 and under 8.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from pathlib import Path

GOALS = {"--version": 6, "--help": 8}


def seconds(argv: list[str]) -> float:
    started = time.perf_counter()
    subprocess.run(argv, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - started


def main(runs: int) -> None:
    baseline = [sys.executable, "-c", "pass"]
    script = Path(sys.executable).with_name("accel-doctor")
    commands = {flag: [str(script), flag] for flag in GOALS}
    ratios: dict[str, list[float]] = {flag: [] for flag in commands}
    for argv in (baseline, *commands.values()):
        seconds(argv)  # compiled files and caches are there from the second run on
    for _ in range(runs):
        base = seconds(baseline)
        for flag, argv in commands.items():
            ratios[flag].append(seconds(argv) / base)
    for flag, values in ratios.items():
        print(f"{flag}: {statistics.median(values):.1f} times python -c pass (goal: under {GOALS[flag]})")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 20)
