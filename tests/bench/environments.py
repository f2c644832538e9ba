"""Restoring an environment, beside what else puts one there; and the disk that variants of it take.

    python tests/bench/environments.py [RUNS]

Makes an environment of the first 100 distributions in pinned.txt (the network is used once), all on the file system
of $BENCH_DIR (or the temporary directory), and prints ratios, each the median of RUNS pairs run in turns:
``accel-doctor env restore`` against ``cp -a``, ``uv venv && uv pip sync`` with uv's own warm cache, and
virtualenv-cache 0.0.2, all whole processes. Then the disk that the cache takes for ten variants, against one.
"""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

PINNED = Path(__file__).with_name("pinned.txt")
DISTRIBUTIONS = 100
# What ten updates of a lock file change: each variant has one more of these in another version.
OTHER_VERSIONS = (
    "click==8.1.8", "idna==3.10", "certifi==2025.1.31", "urllib3==2.3.0", "requests==2.32.3", "attrs==24.3.0",
    "packaging==24.2", "pygments==2.18.0", "jinja2==3.1.5",
)  # fmt: skip


class Bench:
    def __init__(self, base: Path) -> None:
        import uv

        self.uv = uv.find_uv_bin()
        self.project = base / "project"
        self.target = self.project / ".venv"
        self.base = base
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith(("VIRTUAL_ENV", "UV_"))},
            "ACCEL_DOCTOR_CACHE_DIR": str(base / "cache"),
            "UV_CACHE_DIR": str(base / "uv-cache"),
        }
        self.project.mkdir()
        lines = PINNED.read_text().splitlines()[:DISTRIBUTIONS]
        self.requirements = self.project / "requirements.txt"
        self.requirements.write_text("\n".join(lines) + "\n")

    def run(self, *argv: object) -> None:
        done = subprocess.run(
            [str(word) for word in argv],
            env=self.environment, cwd=self.project, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip
        if done.returncode:
            sys.exit(f"{' '.join(map(str, argv))} ended with {done.returncode}:\n{done.stdout}")

    def doctor(self, *words: str) -> None:
        self.run(sys.executable, "-m", "accel_doctor", "env", *words, "--python", sys.executable)

    def make(self) -> None:
        self.run(self.uv, "venv", "--quiet", "--python", sys.executable, self.target)
        self.run(self.uv, "pip", "sync", "--quiet", "--python", self.target, self.requirements)

    def timed(self, work: Callable[[], None]) -> float:
        shutil.rmtree(self.target, ignore_errors=True)
        started = time.perf_counter()
        work()
        return time.perf_counter() - started

    def size(self, directory: Path) -> int:
        seen: set[int] = set()
        total = 0
        for path in directory.rglob("*"):
            found = path.lstat()
            if found.st_ino not in seen:
                seen.add(found.st_ino)
                total += found.st_blocks * 512
        return total


def main(runs: int) -> None:
    with tempfile.TemporaryDirectory(prefix="bench-", dir=os.environ.get("BENCH_DIR")) as scratch:
        bench = Bench(Path(scratch))
        bench.make()
        files = sum(path.is_file() for path in bench.target.rglob("*"))
        original = bench.base / "original"
        bench.run("cp", "-a", bench.target, original)
        stored = bench.timed(lambda: (bench.run("cp", "-a", original, bench.target), bench.doctor("store"))[0])
        print(f"{DISTRIBUTIONS} distributions, {files} files; stored in {stored:.1f} s")
        one = bench.size(bench.base / "cache/environments")
        other = _virtualenv_cache(bench)
        ratios(bench, "cp -a", runs, lambda: bench.run("cp", "-a", original, bench.target))
        ratios(bench, "uv venv && uv pip sync", runs, bench.make)
        ratios(bench, "virtualenv-cache 0.0.2", runs, lambda: bench.run(other, "restore"))
        bench.timed(bench.make)
        for number, version in enumerate(OTHER_VERSIONS, 1):
            bench.run(bench.uv, "pip", "install", "--quiet", "--no-deps", "--python", bench.target, version)
            with bench.requirements.open("a") as stream:
                stream.write(f"# variant {number}\n")
            bench.doctor("store")
        ten = bench.size(bench.base / "cache/environments")
        print(f"disk for ten variants against one: {ten / one:.2f} (goal: under 1.3; one takes {one / 1e6:.0f} MB)")


def _virtualenv_cache(bench: Bench) -> Path:
    place = bench.base / "other"
    bench.run(bench.uv, "venv", "--quiet", "--python", sys.executable, place)
    bench.run(bench.uv, "pip", "install", "--quiet", "--python", place, "virtualenv-cache==0.0.2")
    (bench.project / ".virtualenv_cache.toml").write_text(
        f'[virtualenv-cache]\ncache_path = "{bench.base}/other-cache"\nrequirements_lock_paths = ["requirements.txt"]\n'
    )
    bench.run(place / "bin/virtualenv-cache", "store")
    (bench.project / ".virtualenv_cache.toml").rename(bench.project / "other.toml")
    # out of our sight: ours understands that file
    script = place / "restore"
    script.write_text(f'#!/bin/sh\nexec {place}/bin/virtualenv-cache "$@" --config-path {bench.project}/other.toml\n')
    script.chmod(0o755)
    return script


def ratios(bench: Bench, name: str, runs: int, other: Callable[[], None]) -> None:
    pairs = []
    for _ in range(runs):
        ours = bench.timed(lambda: bench.doctor("restore"))
        pairs.append((ours, bench.timed(other)))
    ratio = statistics.median(ours / theirs for ours, theirs in pairs)
    ours, theirs = (statistics.median(column) for column in zip(*pairs, strict=True))
    print(f"restore against {name}: {ratio:.2f} ({ours:.2f} s against {theirs:.2f} s; goal: under 1)")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 5)
