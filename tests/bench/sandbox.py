"""The same builds with and without the sandbox, on a fresh Debian machine.

    python tests/bench/sandbox.py [ROUNDS] [--suite SUITE]

As root, with mmdebstrap. Builds the source distributions that ``sandboxed.txt`` lists for the suite, of which the
fastest 20 count, and the ten of ``docs/tutorial/requirements.txt``. Their system packages, as recorded in
``tests/data/cases``, are installed beforehand, and a first build of each fills uv's cache. Then each is built with and
without the sandbox in turn, by ``build_alone.py``. Prints the sums of the medians, on the clock and of processor time,
and what is built in only one of them.

On a machine that others load, only the ratio of the processor times means anything.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests")]

from integration.machine import Base, Machine, machine  # noqa: E402  below tests/

HERE = Path(__file__).parent
CASES = ROOT / "tests" / "data" / "cases"
TEN = ROOT / "docs" / "tutorial" / "requirements.txt"
FOR_THE_TEN = (
    "build-essential", "python3-dev", "pkg-config", "libdbus-1-dev", "libglib2.0-dev", "default-libmysqlclient-dev",
    "libpq-dev", "libcairo2-dev", "libldap-dev", "libsasl2-dev", "libffi-dev", "libcurl4-openssl-dev", "libssl-dev",
    "libgraphviz-dev", "graphviz", "libyaml-dev",
)  # fmt: skip
FASTEST = 20

# By choice and archive: wheel, seconds and processor time of each round
Builds = Mapping[str, Mapping[str, Sequence[tuple[str | None, float, float]]]]


def fast(suite: str) -> list[str]:
    """Return the listed requirements of a suite."""
    lines = [line.split() for line in (HERE / "sandboxed.txt").read_text(encoding="utf-8").splitlines()]
    return [words[1] for words in lines if words[0] == suite]


def ten() -> list[str]:
    """Return what the tutorial compiles."""
    text = TEN.read_text(encoding="utf-8").partition("# Ordinary wheels")[0]
    return [line for line in text.splitlines() if "==" in line]


def packages(suite: str, requirements: Sequence[str]) -> set[str]:
    """Return the system packages of recorded cases."""
    found = set(FOR_THE_TEN)
    for file in CASES.glob(f"{suite}-*/case.json"):
        case = json.loads(file.read_text(encoding="utf-8"))
        if case["requirement"] in requirements:
            found.update(case.get("given", ()), *(step["cure"] for step in case["steps"]))
    return found


def download(requirement: str, directory: Path) -> Path:
    """Fetch the source distribution of a pinned requirement from PyPI."""
    name, _, version = requirement.partition("==")
    accept = {"Accept": "application/vnd.pypi.simple.v1+json"}
    with urllib.request.urlopen(urllib.request.Request(f"https://pypi.org/simple/{name}/", headers=accept)) as page:
        files = json.load(page)["files"]
    [found, *_] = [one for one in files if one["filename"].endswith((f"-{version}.tar.gz", f"-{version}.zip"))]
    path = directory / str(found["filename"])
    with urllib.request.urlopen(found["url"]) as answer:
        path.write_bytes(answer.read())
    return path


def build(fresh: Machine, rounds: int, archives: Sequence[Path]) -> Builds:
    """Build all archives; return what ``build_alone.py`` says of them."""
    names = [f"/root/{path.name}" for path in archives]
    output = fresh.must("/doctor/bin/python", "/root/build_alone.py", str(rounds), "/root/work", *names, timeout=7200)
    found: Builds = json.loads(output)
    return found


def show(builds: Builds, fastest: Sequence[str], rest: Sequence[str]) -> None:
    """Print the sums of the medians of the fastest builds and of the rest, and what is built in one of them only."""
    built = {
        choice: {name for name, each in made.items() if all(one[0] for one in each)} for choice, made in builds.items()
    }
    for choice, other in (("on", "off"), ("off", "on")):
        print(f"built with the sandbox {choice} only: {', '.join(sorted(built[choice] - built[other])) or 'none'}")
    both = built["on"] & built["off"]
    print("built in neither:", ", ".join(sorted({*fastest, *rest} - built["on"] - built["off"])) or "none")
    medians = {name: [_medians(builds[choice][name]) for choice in ("on", "off")] for name in both}
    order = sorted(both.intersection(fastest), key=lambda name: medians[name][1])
    print("the fastest:", ", ".join(order[:FASTEST]))
    chosen = [*order[:FASTEST], *both.intersection(rest)]
    for place, what in ((1, "on the clock"), (0, "processor time")):
        on, off = (sum(medians[name][choice][place] for name in chosen) for choice in (0, 1))
        print(f"{len(chosen)} builds, {what}: {on:.2f} s against {off:.2f} s: {on / off:.3f}", flush=True)


def _medians(rounds: Sequence[tuple[str | None, float, float]]) -> tuple[float, float]:
    """Return the processor time and the seconds of a build."""
    return statistics.median(one[2] for one in rounds), statistics.median(one[1] for one in rounds)


def main(rounds: int, suite: str) -> None:
    """Prepare a machine, and build in turn with and without the sandbox."""
    with tempfile.TemporaryDirectory(prefix="bench-") as scratch, machine(Base(suite)) as fresh:
        work, requirements = Path(scratch), [*fast(suite), *ten()]
        command = [sys.executable, "-m", "uv", "build", "--quiet", "--wheel", "--out-dir", scratch, str(ROOT)]
        subprocess.run(command, check=True, stdin=subprocess.DEVNULL)
        [wheel] = work.glob("accel_doctor-*.whl")
        archives = [download(requirement, work) for requirement in requirements]
        for path in (wheel, *archives, HERE / "build_alone.py"):
            fresh.copy_in(path, f"/root/{path.name}")
        fresh.must("python3", "-m", "venv", "/doctor")
        fresh.must("/doctor/bin/pip", "install", "--quiet", f"/root/{wheel.name}")
        fresh.must("apt-get", "update")
        names = sorted(packages(suite, requirements))
        quiet = {"DEBIAN_FRONTEND": "noninteractive"}
        install = ("apt-get", "install", "-y", "--no-install-recommends", *names)
        fresh.must(*install, environment=quiet, timeout=1800)
        print(f"{suite}: {len(archives)} archives, {len(names)} system packages", flush=True)
        build(fresh, 1, archives)
        everything = [path.name for path in archives]
        print(f"load {os.getloadavg()[0]:.1f}", flush=True)
        show(build(fresh, rounds, archives), everything[: -len(ten())], everything[-len(ten()) :])
        print(f"load {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(usage=(__doc__ or "").splitlines()[2].strip())
    parser.add_argument("rounds", nargs="?", type=int, default=3)
    parser.add_argument("--suite", default="trixie")
    options = parser.parse_args()
    main(options.rounds, options.suite)
