from __future__ import annotations

import os
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import books
import pytest

from accel_doctor.cli import machines
from accel_doctor.rulebook import Rulebook, book, rule_directories, shipped_rules, yaml_reading


@cache
def read_once(path: Path, shown: str) -> tuple[yaml_reading.Node | None, list[str]]:
    problems: list[str] = []
    return yaml_reading.read(path, shown, problems), problems


@pytest.fixture(autouse=True)
def shipped_rules_are_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Share the shipped rules among tests: reading them takes longer than most commands do otherwise."""
    load = machines.load_rules
    shipped = shipped_rules()

    def load_rules(directories: Sequence[Path] = ()) -> Rulebook:
        return books.load() if not directories and vars(book)["shipped_rules"] is shipped_rules else load(directories)

    def read(path: Path, shown: str, problems: list[str]) -> yaml_reading.Node | None:
        if path.parent != shipped:
            return yaml_reading.read(path, shown, problems)
        node, found = read_once(path, shown)
        problems += found
        return node

    monkeypatch.setattr(machines, "load_rules", load_rules)
    monkeypatch.setattr(rule_directories, "read", read)


@pytest.fixture
def somewhere(tmp_path, monkeypatch):
    """An empty directory, no active environment, no configuration of the person who runs the tests."""
    for name in os.environ:
        if name.startswith(("VIRTUAL_ENV", "CONDA_", "ACCEL_DOCTOR_", "PIP_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("ACCEL_DOCTOR_CONFIG_DIR", str(tmp_path / "configuration"))
    monkeypatch.setenv("ACCEL_DOCTOR_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.chdir(tmp_path)
    return tmp_path
