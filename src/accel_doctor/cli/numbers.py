"""Options that are numbers: counts, sizes, ages."""

from __future__ import annotations

from typing import Any

import click

from accel_doctor.cli.options import option
from accel_doctor.units import Unit


class Whole(click.IntRange):
    """A whole number in a range; click's own name for it is in no dictionary."""

    name = "whole number"


def amount(*flags: str, unit: Unit, **settings: Any) -> Any:
    """Return a field for an option that is a size or an age: ``5GB``, ``30d``."""

    def parse(context: click.Context, parameter: click.Parameter, value: str | None) -> float | None:
        try:
            return None if value is None else unit.parse(value)
        except ValueError as error:
            raise click.BadParameter(str(error), context, parameter) from None

    return option(*flags, metavar=unit.name.upper(), callback=parse, **settings)
