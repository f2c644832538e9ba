"""The wild cases, and what a person found out about each of them afterwards."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import yaml

HERE = Path(__file__).resolve().parent
CASES = HERE / "cases.yaml"
FIRST_SIGHT = HERE / "first-sight.jsonl"  # one line a case, never changed
NOW = HERE / "now.jsonl"  # the last run of each case


@dataclass(frozen=True)
class Case:
    """A requirements file on a release, with the modules that have to be importable afterwards."""

    id: str
    suite: str
    kind: str
    domain: str
    requirements: tuple[str, ...]
    imports: tuple[str, ...]
    options: tuple[str, ...]
    batch: int = 1


@dataclass(frozen=True)
class Verified:
    """The answer a person found: whether it can work here, and by what cure or why not.

    ``pure`` names packages whose best wheel here has no extension, although their source has one.
    """

    curable: bool
    cure: str = ""
    reason: str = ""
    pure: tuple[str, ...] = ()


def read_cases(names: Iterable[str] = (), path: Path = CASES) -> list[Case]:
    """Return the named cases, or all of them; raise KeyError for an unknown name."""
    rows = yaml.safe_load(path.read_text())
    lists = ("requirements", "imports", "options")
    cases = {row["id"]: Case(**{**dict.fromkeys(lists, ()), **_tuples(row, lists)}) for row in rows}
    return [cases[name] for name in names] if names else list(cases.values())


def read_oracle() -> dict[str, Verified]:
    """Return what was found out, by case; a case that is not in there counts as curable."""
    rows = yaml.safe_load((HERE / "oracle.yaml").read_text()) or {}
    return {name: Verified(**row) for name, row in rows.items()}


def _tuples(row: dict[str, object], lists: tuple[str, ...]) -> dict[str, object]:
    return {key: tuple(value) if key in lists else value for key, value in row.items()}
