"""Parse human-readable sizes and ages: ``5GB``, ``30d``. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

_AMOUNT = re.compile(r"([0-9]{1,15}(?:\.[0-9]{1,9})?)\s*([A-Za-z]*)")


@dataclass(frozen=True)
class Unit:
    """A kind of amount: its name, and the factor of each suffix, in upper case."""

    name: str
    examples: str
    factors: Mapping[str, int]

    def parse(self, text: str) -> float:
        """Return the amount in the smallest unit. Raises ValueError, with the accepted form, for malformed text."""
        found = _AMOUNT.fullmatch(text.strip())
        factor = self.factors.get(found[2].upper()) if found else None
        if found is None or factor is None:
            article = "an" if self.name[0] in "aeiou" else "a"
            raise ValueError(f"{text!r} is not {article} {self.name}: a number and a unit, such as {self.examples}")
        return float(found[1]) * factor


SIZE = Unit(
    "size",
    "5GB, 500MB or 2GiB",
    {
        "": 1,
        "B": 1,
        **{f"{letter}{end}": 1000 ** (power + 1) for power, letter in enumerate("KMGT") for end in ("", "B")},
        **{f"{letter}IB": 1024 ** (power + 1) for power, letter in enumerate("KMGT")},
    },
)
AGE = Unit("age", "30d, 12h or 2w", {"S": 1, "M": 60, "H": 3600, "D": 86400, "W": 7 * 86400})
