"""Run the wild cases on fresh Debian machines, or count their results. Needs root, mmdebstrap and overlayfs.

    python tests/tools/wild run                    # all cases with the commit checked out; hours
    python tests/tools/wild run --commit main gdal lxml-4.6.3
    python tests/tools/wild summary                # tables of the first sight and of the last results

The first result of a case is appended to first-sight.jsonl and stays there; now.jsonl has the last result of each.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import traceback
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timezone
from pathlib import Path
from queue import SimpleQueue
from threading import Lock
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from paths import ROOT
from tools.wild.attempt import attempt
from tools.wild.cases import CASES, FIRST_SIGHT, NOW, Case, read_cases, read_oracle
from tools.wild.roots import Workshop, machines_in_memory
from tools.wild.summary import failures, in_vain, read_results, table

_WRITING = Lock()


def run(arguments: argparse.Namespace) -> None:
    """Run the cases in batches, each with the commit that there is by then, and write each result as it comes."""
    cases = read_cases(arguments.cases, arguments.suite)
    if arguments.new:
        seen = read_results(arguments.results / FIRST_SIGHT.name)
        cases = [case for case in cases if case.id not in seen]
    with machines_in_memory(arguments.memory) as directory:
        for start in range(0, len(cases), arguments.batch):
            _run_batch(cases[start : start + arguments.batch], directory, arguments)


def _run_batch(cases: Sequence[Case], directory: Path, arguments: argparse.Namespace) -> None:
    revision = ["git", "-C", str(ROOT), "rev-parse", "--short=12", arguments.commit]
    commit = subprocess.run(revision, check=True, capture_output=True, text=True).stdout.strip()
    print(f"{len(cases)} cases with {commit}", flush=True)
    workshop = Workshop(commit, directory, arguments.archives)
    slots: SimpleQueue[int] = SimpleQueue()
    for number in range(arguments.slots):
        slots.put(number)

    def one(case: Case) -> None:
        slot = slots.get()
        try:
            with workshop.fresh(case.suite, slot) as where:
                result = attempt(case, where, arguments.logs / case.id, arguments.consent)
            now = datetime.now(timezone.utc).isoformat(timespec="minutes")
            keep(result | {"commit": commit, "at": now, "consent": arguments.consent}, arguments.results)
        except Exception:  # the other cases go on; this one is run again by --new
            print(f"{case.id}: the runner failed\n{traceback.format_exc()}", flush=True)
        finally:
            slots.put(slot)

    with ThreadPoolExecutor(arguments.slots) as pool:
        list(pool.map(one, cases))


def keep(result: dict[str, Any], directory: Path) -> None:
    """Write a result down: as the first sight if there is none, and as the last one."""
    with _WRITING:
        first, now = directory / FIRST_SIGHT.name, directory / NOW.name
        if result["case"] not in read_results(first):
            with first.open("a") as stream:
                stream.write(json.dumps(result, sort_keys=True) + "\n")
        results = read_results(now) | {result["case"]: result}
        now.write_text("".join(json.dumps(results[name], sort_keys=True) + "\n" for name in sorted(results)))
        transactions = len(result["transactions"])
        print(f"{result['case']}: {result['verdict']} ({result['seconds']} s, {transactions} transactions)", flush=True)


def summarize(arguments: argparse.Namespace) -> None:
    """Print the tables of each batch, and what does not work now."""
    cases, oracle = read_cases(), read_oracle()
    for batch in sorted({case.batch for case in cases}):
        chosen = [case for case in cases if case.batch == batch]
        for title, name in (("first sight", FIRST_SIGHT.name), ("now", NOW.name)):
            results = read_results(arguments.results / name)
            print(f"Batch {batch}, {title}:\n\n{table(chosen, results, oracle, unused=name == FIRST_SIGHT.name)}\n")
    now = read_results(arguments.results / NOW.name).values()
    print(f"{failures(now, oracle)}\n\n{in_vain(now, oracle)}")


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--results", type=Path, default=FIRST_SIGHT.parent, help="where the results are kept")
    commands = parser.add_subparsers(required=True)
    running = commands.add_parser("run", help="run cases")
    running.add_argument("cases", nargs="*", metavar="CASE", help="ids of cases (default: all)")
    running.add_argument("--suite", type=Path, default=CASES, help="the file with the cases")
    running.add_argument("--commit", default="HEAD", help="the commit of accel-doctor to run")
    running.add_argument("--batch", type=int, default=1000, help="look for a newer commit after this many cases")
    running.add_argument("--new", action="store_true", help="only cases without a first sight")
    running.add_argument("--consent", default="--yes", help="the option that agrees to what is offered")
    running.add_argument("--slots", type=int, default=2, help="this many at once")
    running.add_argument("--memory", default="10g", help="the size of the file system in memory")
    running.add_argument("--logs", type=Path, default=Path("/var/tmp/accel-doctor-wild/logs"))
    running.add_argument("--archives", type=Path, default=Path("/var/tmp/accel-doctor-wild/archives"))
    running.set_defaults(do=run)
    commands.add_parser("summary", help="count the results").set_defaults(do=summarize)
    arguments = parser.parse_args()
    arguments.do(arguments)


main()
