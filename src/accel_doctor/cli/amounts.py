"""Sizes and ages on the command line: ``5GB``, ``30d``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    _Type = click.ParamType[float]
else:
    _Type = click.ParamType  # older click has no parameter there

_BYTES = {"": 1, "B": 1}
_BYTES |= {f"{letter}{unit}": 1000 ** (power + 1) for power, letter in enumerate("KMGT") for unit in ("", "B")}
_BYTES |= {f"{letter}IB": 1024 ** (power + 1) for power, letter in enumerate("KMGT")}
_SECONDS = {"S": 1, "M": 60, "H": 3600, "D": 86400, "W": 7 * 86400}
_AMOUNT = re.compile(r"([0-9]{1,15}(?:\.[0-9]{1,9})?)\s*([A-Za-z]*)")


class Amount(_Type):
    """A number with a unit, as a number of the smallest one."""

    def __init__(self, name: str, units: Mapping[str, int], examples: str) -> None:
        self.name = name
        self._called = f"{'an' if name[0] in 'aeiou' else 'a'} {name}"
        self._units = units
        self._examples = examples

    def convert(self, value: object, parameter: click.Parameter | None, context: click.Context | None) -> float:
        """The number; click's own error for what is none."""
        found = _AMOUNT.fullmatch(str(value).strip())
        factor = self._units.get(found[2].upper()) if found else None
        if found is None or factor is None:
            said = f"{value!r} is not {self._called}: a number and a unit, such as {self._examples}"
            self.fail(said, parameter, context)
        return float(found[1]) * factor


SIZE = Amount("size", _BYTES, "5GB, 500MB or 2GiB")
AGE = Amount("age", _SECONDS, "30d, 12h or 2w")
