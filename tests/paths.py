"""Where the tests find the checkout and its recorded data."""

from __future__ import annotations

from pathlib import Path

TESTS = Path(__file__).resolve().parent
ROOT = TESTS.parent
SUPPORT = TESTS / "support"  # fakes and servers that tests share
DATA = TESTS / "data"
CASES = DATA / "cases"  # recorded logs of real source distributions, with the proven cures
LINKED = DATA / "linked"  # small ELF files that link one another
