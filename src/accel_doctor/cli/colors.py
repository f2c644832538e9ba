"""Decide whether what goes to stderr is colored."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping

import click

_VARIABLE = "ACCEL_DOCTOR_COLOR"


def color_option() -> click.Option:
    """Return the option ``--color``, which every command has."""
    return click.Option(
        ["--color"],
        type=click.Choice(["auto", "always", "never"]),
        envvar=_VARIABLE,
        show_envvar=True,
        expose_value=False,
        callback=_choose,
        help="Color what is printed; auto asks the terminal, NO_COLOR and FORCE_COLOR.",
    )


def _choose(context: click.Context, parameter: click.Parameter, value: str | None) -> None:
    if value:
        os.environ[_VARIABLE] = value  # for this process, and for those of ours that it starts


def in_color(variables: Mapping[str, str]) -> bool:
    """Return whether to color: as ``--color`` says, else NO_COLOR, FORCE_COLOR, or the terminal on stderr."""
    chosen = variables.get(_VARIABLE, "auto")
    if chosen in ("always", "never"):
        return chosen == "always"
    if variables.get("NO_COLOR"):
        return False
    return is_on(variables, "FORCE_COLOR") or (sys.stderr.isatty() and variables.get("TERM", "dumb") != "dumb")


def is_on(variables: Mapping[str, str], name: str) -> bool:
    """Return whether a variable is set, and not to a word for no."""
    return variables.get(name, "").lower() not in {"", "0", "false"}
