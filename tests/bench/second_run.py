"""The second run: the same requirements into a new virtual environment, nothing built, no package manager.

    python tests/bench/second_run.py [REQUIREMENTS] [RUNS]

Needs what the builds of REQUIREMENTS need (default: docs/tutorial/requirements.txt); run
``accel-doctor install --yes -r REQUIREMENTS`` once before, on a machine that lacks it. Prints

- the first run (empty wheel store, everything built) against the second;
- the second against ``uv pip install`` with uv's own warm cache;
- accel-doctor's own time in the second: the whole, less that of the frontend's commands it ran.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

REQUIREMENTS = Path(__file__).resolve().parents[2] / "docs/tutorial/requirements.txt"


def run(argv: list[str], environment: dict[str, str]) -> float:
    started = time.perf_counter()
    done = subprocess.run(argv, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode:
        sys.exit(f"{' '.join(argv)} ended with {done.returncode}:\n{done.stdout}")
    return time.perf_counter() - started


# Runs accel-doctor in this very interpreter and notes how long it waited for the processes it started.
OWN_TIME = """
import sys, time
from accel_doctor.system.process.runner import ProcessRunner
waited = 0.0
def timed(method):
    def call(*arguments, **named):
        global waited
        started = time.perf_counter()
        try:
            return method(*arguments, **named)
        finally:
            waited += time.perf_counter() - started
    return call
ProcessRunner.capture = timed(ProcessRunner.capture)
ProcessRunner.record = timed(ProcessRunner.record)
from accel_doctor.cli.main import run
code = run(sys.argv[2:])
open(sys.argv[1], "w").write(str(waited))
sys.exit(code)
"""


def main(requirements: Path, runs: int) -> None:
    import uv

    uv_binary = Path(uv.find_uv_bin())
    with tempfile.TemporaryDirectory(prefix="bench-", dir=os.environ.get("BENCH_DIR")) as scratch:
        base = Path(scratch)
        environment = {
            **{name: value for name, value in os.environ.items() if name != "VIRTUAL_ENV"},
            "ACCEL_DOCTOR_CACHE_DIR": str(base / "cache"),
            "UV_CACHE_DIR": str(base / "uv-cache"),
        }
        doctor = [sys.executable, "-m", "accel_doctor", "install", "--no-system", "-r", str(requirements), "--python"]
        plain = [str(uv_binary), "pip", "install", "--quiet", "-r", str(requirements_for_uv(requirements, base))]
        plain.append("--python")
        counter = 0

        def fresh() -> str:
            nonlocal counter
            counter += 1
            path = base / f"environment-{counter}"
            subprocess.run([uv_binary, "venv", "--quiet", "--python", sys.executable, path], check=True)
            return str(path)

        first = run([*doctor, fresh()], environment)
        run([*plain, fresh()], environment)  # fills uv's cache, builds included
        times = base / "times"
        pairs = []
        for _ in range(runs):
            pairs.append((run([*doctor, fresh()], environment), run([*plain, fresh()], environment)))
        second = statistics.median(ours for ours, _ in pairs)
        print(f"first run {first:.1f} s, second {second:.2f} s: {first / second:.0f} times faster (goal: 10)")
        ratio = statistics.median(ours / theirs for ours, theirs in pairs)
        print(f"second run against uv pip install with its own warm cache: {ratio:.2f}")
        own = []
        for _ in range(runs):
            whole = run([sys.executable, "-c", OWN_TIME, str(times), *doctor[3:], fresh()], environment)
            own.append(whole - float(times.read_text()))
        print(f"accel-doctor's own time in a second run: {statistics.median(own):.2f} s (goal: under 0.5)")


def requirements_for_uv(requirements: Path, directory: Path) -> Path:
    """The same file with one name per --no-binary line: uv knows no commas there."""
    lines = []
    for line in requirements.read_text().splitlines():
        if line.startswith("--no-binary "):
            lines += [f"--no-binary {name}" for name in line.split(maxsplit=1)[1].split(",")]
        else:
            lines.append(line)
    path = directory / "requirements-for-uv.txt"
    path.write_text("\n".join(lines) + "\n")
    return path


if __name__ == "__main__":
    main(
        Path(sys.argv[1]) if len(sys.argv) > 1 else REQUIREMENTS,
        int(sys.argv[2]) if len(sys.argv) > 2 else 5,
    )
