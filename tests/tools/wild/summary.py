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


def table(
    cases: Sequence[Case], results: Mapping[str, dict[str, Any]], oracle: Mapping[str, Verified], *, unused: bool
) -> str:
    """Return a Markdown table by kind of case, with a line for all of them.

    ``unused`` packages can only be told where builds leave traces of what they read: in a sandbox they leave none.
    """
    by_kind: dict[str, list[Case]] = defaultdict(list)
    for case in cases:
        if case.id in results:
            by_kind[case.kind].append(case)
    columns = ["kind", "cases", "curable", "of these importable", "exit 0, import fails", "transactions"]
    columns += ["unused packages"] if unused else []
    lines = [_line(columns), f"|{'---|' * len(columns)}"]
    everything = [case for chosen in by_kind.values() for case in chosen]
    rows = [_row(kind, chosen, results, oracle) for kind, chosen in [*by_kind.items(), ("all", everything)]]
    return "\n".join([*lines, *(_line(row[: len(columns)]) for row in rows)])


def _line(cells: Iterable[object]) -> str:
    return f"| {' | '.join(map(str, cells))} |"


def works(row: Mapping[str, Any], oracle: Mapping[str, Verified]) -> bool:
    """Return whether a case ended well: importable, said so, and with the best wheels that this machine can build."""
    best = row["verdict"] == "poorer wheel" and set(row["poorer"]) <= set(oracle.get(row["case"], Verified(True)).pure)
    return row["verdict"] == "works" or best


def _row(
    kind: str, cases: Sequence[Case], results: Mapping[str, dict[str, Any]], oracle: Mapping[str, Verified]
) -> list[object]:
    rows = [results[case.id] for case in cases]
    curable = [row for row in rows if oracle.get(row["case"], Verified(True)).curable]
    good = [row for row in curable if works(row, oracle)]
    false = [row for row in rows if row["verdict"] == "false success"]
    with_packages = [row for row in good if row["transactions"]]
    average = f"{mean(len(row['transactions']) for row in with_packages):.2f}" if with_packages else "none"
    extras = sum(len(one["unused"]) for row in good for one in row["transactions"])
    share = f"{len(good)} ({100 * len(good) / len(curable):.0f} %)" if curable else "0"
    return [kind, len(rows), len(curable), share, len(false), average, extras]


def in_vain(results: Iterable[dict[str, Any]], oracle: Mapping[str, Verified]) -> str:
    """Return how many of the cases that nothing cures installed nothing, and one line for each of the others."""
    rows = [row for row in results if row["case"] in oracle and not oracle[row["case"]].curable]
    others = [row for row in rows if row["transactions"]]
    lines = [f"{row['case']}: {len(row['transactions'])} transactions: {oracle[row['case']].reason}" for row in others]
    return "\n".join([f"Incurable: {len(rows)}, nothing installed for {len(rows) - len(others)}", *lines])


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
