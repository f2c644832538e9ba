"""The table of docs/explanation/trust.md: every cell names a test that attacks it."""

from __future__ import annotations

import re

from paths import ROOT

PAGE = ROOT / "docs" / "explanation" / "trust.md"
PLACES = {"unit": "tests/unit", "attacks": "tests/integration/attacks", "integration": "tests/integration"}


def cells() -> list[tuple[str, str]]:
    """Return what each cell of the table is about, and its text."""
    section = PAGE.read_text(encoding="utf-8").partition("## Files that are not yours")[2].partition("\n## ")[0]
    rows = [line.strip("|").split(" | ") for line in section.splitlines() if line.startswith("| ")]
    head, *rows = rows
    return [
        (f"{row[0].strip()}, {column.strip()}", cell)
        for row in rows
        for column, cell in zip(head[1:], row[1:], strict=True)
    ]


def test_every_cell_has_its_test():
    assert len(cells()) > 40
    without = []
    for about, cell in cells():
        named = re.findall(r"`(unit|attacks|integration)/([\w/]+\.py)`", cell)
        if not named or not all((ROOT / PLACES[place] / path).is_file() for place, path in named):
            without.append(about)
    assert without == []
