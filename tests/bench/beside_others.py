"""The same requirements with pip, uv and accel-doctor, each with its own cache: first and second run, as a table.

    python tests/bench/beside_others.py [REQUIREMENTS] [ROUNDS]

Each run fills a new virtual environment. REQUIREMENTS is tests/bench/pinned.txt (147 pinned distributions, none of them
built), or for example tests/bench/compiled.txt (54, of which eleven are built, with a C and a C++ compiler and the
interpreter's headers). For others run ``accel-doctor install --yes -r REQUIREMENTS`` once before. The first run begins
with empty caches. Ratios are medians of pairs, each pair run one right after the other: on a shared machine only they
mean anything.

``cp -al`` of the finished environment is what no installer can beat by much. pip's second run is made once.
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
from pathlib import Path

from second_run import requirements_for_uv, run

BENCH = Path(__file__).resolve().parent


class Contest:
    """Who installs what, into which environment, with which caches."""

    def __init__(self, requirements: Path, base: Path) -> None:
        import uv

        self.uv = uv.find_uv_bin()
        self.base = base
        self.number = 0
        self.variables = {
            **{name: value for name, value in os.environ.items() if name != "VIRTUAL_ENV"},
            "ACCEL_DOCTOR_CACHE_DIR": str(base / "cache"),
            "UV_CACHE_DIR": str(base / "uv-cache"),
            "PIP_CACHE_DIR": str(base / "pip-cache"),
        }
        plain = [self.uv, "pip", "install", "--quiet", "-r", str(requirements_for_uv(requirements, base)), "--python"]
        pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--python"]
        doctor = [sys.executable, "-m", "accel_doctor", "install", "--quiet", "--no-system", "-r", str(requirements)]
        self.commands = {
            "pip": ([*pip], ["install", "--quiet", "-r", str(requirements)]),
            "uv": (plain, []),
            "uv --offline": (plain, ["--offline"]),
            "accel-doctor": ([*doctor, "--python"], []),
        }

    def fresh(self) -> Path:
        """A new virtual environment without anything in it."""
        self.number += 1
        path = self.base / f"environment-{self.number}"
        run([self.uv, "venv", "--quiet", "--python", sys.executable, str(path)], self.variables)
        return path

    def seconds(self, who: str) -> float:
        """What one installation takes, the making of the environment not counted."""
        before, after = self.commands[who]
        return run([*before, str(self.fresh()), *after], self.variables)

    def copy(self, environment: Path) -> float:
        """What linking every file of a finished environment takes."""
        self.number += 1
        return run(["cp", "-al", str(environment), str(self.base / f"environment-{self.number}")], self.variables)


def main(requirements: Path, rounds: int) -> None:
    with tempfile.TemporaryDirectory(prefix="bench-", dir=os.environ.get("BENCH_DIR")) as scratch:
        contest = Contest(requirements, Path(scratch))
        first = {who: contest.seconds(who) for who in ("pip", "uv", "accel-doctor")}
        finished = Path(scratch) / f"environment-{contest.number}"
        files = sum(path.is_file() for path in finished.rglob("*"))
        second = {"pip": [contest.seconds("pip")], "uv": [], "uv --offline": [], "accel-doctor": []}
        pairs: dict[str, list[float]] = {"uv": [], "uv --offline": [], "cp -al": []}
        for _ in range(rounds):
            for other in ("uv", "uv --offline"):
                ours, theirs = contest.seconds("accel-doctor"), contest.seconds(other)
                second["accel-doctor"].append(ours)
                second[other].append(theirs)
                pairs[other].append(ours / theirs)
            pairs["cp -al"].append(contest.seconds("accel-doctor") / contest.copy(finished))
    print(f"{requirements.name}: {files} files\n")
    print("| | first run, s | second run, s |\n|---|---|---|")
    for who, times in second.items():
        print(f"| {who} | {first[who]:.1f} |" if who in first else f"| {who} | |", f"{statistics.median(times):.2f} |")
    print()
    for other, ratios in pairs.items():
        print(f"second run of accel-doctor against {other}: {statistics.median(ratios):.2f}")
    ours = first["accel-doctor"] / statistics.median(second["accel-doctor"])
    print(f"first run of accel-doctor against its second: {ours:.0f}")


if __name__ == "__main__":
    main(
        Path(sys.argv[1]) if len(sys.argv) > 1 else BENCH / "pinned.txt",
        int(sys.argv[2]) if len(sys.argv) > 2 else 5,
    )
