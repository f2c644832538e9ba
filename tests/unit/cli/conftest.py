from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import books
import pytest

from accel_doctor.cli import machines
from accel_doctor.rulebook import Rulebook, book, shipped_rules


@pytest.fixture(autouse=True)
def shipped_rules_are_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Share the shipped rules among tests: reading them takes longer than most commands do otherwise."""
    load = machines.load_rules

    def load_rules(directories: Sequence[Path] = ()) -> Rulebook:
        return books.load() if not directories and vars(book)["shipped_rules"] is shipped_rules else load(directories)

    monkeypatch.setattr(machines, "load_rules", load_rules)
