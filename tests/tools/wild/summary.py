"""Count the results of the wild cases."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from statistics import mean
from typing import Any

from tools.wild.cases import Case, Verified


def read_results(path: Path) -> dict[str, dict[str, Any]]:
    """Return the last result of each case in a file of JSON lines."""
    if not path.exists():
        return {}
    rows = (json.loads(line) for line in path.read_text().splitlines() if line)
    return {row["case"]: row for row in rows}


def table(cases: Sequence[Case], results: Mapping[str, dict[str, Any]], oracle: Mapping[str, Verified]) -> str:
    """Return a Markdown table by kind of case, with a line for all of them."""
    by_kind: dict[str, list[Case]] = defaultdict(list)
    for case in cases:
        if case.id in results:
            by_kind[case.kind].append(case)
    head = "| kind | cases | curable | of these importable | exit 0, import fails | transactions | unused packages |"
    lines = [head, "|---|---|---|---|---|---|---|"]
    lines += [_row(kind, chosen, results, oracle) for kind, chosen in by_kind.items()]
    everything = [case for chosen in by_kind.values() for case in chosen]
    return "\n".join([*lines, _row("all", everything, results, oracle)])


def works(row: Mapping[str, Any], oracle: Mapping[str, Verified]) -> bool:
    """Return whether a case ended well: importable, said so, and with the best wheels that this machine can build."""
    best = row["verdict"] == "poorer wheel" and set(row["poorer"]) <= set(oracle.get(row["case"], Verified(True)).pure)
    return row["verdict"] == "works" or best


def _row(
    kind: str, cases: Sequence[Case], results: Mapping[str, dict[str, Any]], oracle: Mapping[str, Verified]
) -> str:
    rows = [results[case.id] for case in cases]
    curable = [row for row in rows if oracle.get(row["case"], Verified(True)).curable]
    good = [row for row in curable if works(row, oracle)]
    false = [row for row in rows if row["verdict"] == "false success"]
    with_packages = [row for row in good if row["transactions"]]
    average = f"{mean(len(row['transactions']) for row in with_packages):.2f}" if with_packages else "none"
    unused = sum(len(one["unused"]) for row in good for one in row["transactions"])
    share = f"{len(good)} ({100 * len(good) / len(curable):.0f} %)" if curable else "0"
    return f"| {kind} | {len(rows)} | {len(curable)} | {share} | {len(false)} | {average} | {unused} |"


def failures(results: Iterable[dict[str, Any]], oracle: Mapping[str, Verified]) -> str:
    """Return one line for each case that does not work, with what is known of it."""
    lines = []
    for row in results:
        if works(row, oracle):
            continue
        known = oracle.get(row["case"])
        answer = "not looked at" if known is None else known.cure if known.curable else f"incurable: {known.reason}"
        lines.append(f"{row['case']}: {row['verdict']}, exit code {row['exit_code']}: {answer}")
    return "\n".join(lines)
