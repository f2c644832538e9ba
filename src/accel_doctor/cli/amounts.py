"""Sizes and ages as types of options: ``--max-size 5GB``, ``--older-than 30d``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from accel_doctor import units

if TYPE_CHECKING:
    _Type = click.ParamType[float]
else:
    _Type = click.ParamType  # older click has no parameter there


class Amount(_Type):
    """An amount with a unit, as a number of the smallest one."""

    def __init__(self, unit: units.Unit) -> None:
        self.name = unit.name
        self._unit = unit

    def convert(self, value: object, parameter: click.Parameter | None, context: click.Context | None) -> float:
        """Return the number. Raise click's own error for what is not an amount."""
        try:
            return self._unit.parse(str(value))
        except ValueError as error:
            self.fail(str(error), parameter, context)


SIZE = Amount(units.SIZE)
AGE = Amount(units.AGE)
