"""Print lines on stderr: wrapped for the screen they go to, in color where that is wanted."""

from __future__ import annotations

import os
import sys
from collections.abc import Collection, Sequence

import click

from accel_doctor.cli.terminal.streams import Terminal
from accel_doctor.report.wrapping import emphasized, wrapped, wrapped_command

_UNBOUNDED = 1 << 30  # columns, without a screen


def text_for(
    terminal: Terminal, text: str, names: Collection[str] = (), *, bold: bool = False, fg: str | None = None
) -> str:
    """Return a text as it is to be printed; ``names`` stand out in it."""
    columns = terminal.columns
    lines = [part for line in text.split("\n") for part in (wrapped(line, columns) if columns else [line])]
    if not terminal.color:
        return "\n".join(lines)
    return "\n".join(
        "".join(
            click.style(part, bold=bold or is_name, fg=fg) if bold or is_name or fg else part
            for part, is_name in emphasized(line, names)
            if part
        )
        for line in lines
    )


def command_text(terminal: Terminal, command: Sequence[str]) -> str:
    """Return a command as it is to be printed in a text, indented, so that it can be pasted."""
    lines = wrapped_command(command, terminal.columns or _UNBOUNDED)
    return "\n".join(click.style(line, fg="cyan") if terminal.color else line for line in lines)


def print_command(terminal: Terminal, command: Sequence[str]) -> None:
    """Print a command on stdout: as a line of its own for scripts, broken so that it can be pasted on a terminal."""
    columns = terminal.columns if sys.stdout.isatty() else None
    click.echo("\n".join(wrapped_command(command, columns or _UNBOUNDED, indent=0)))


def say(kind: str, text: str, fg: str) -> None:
    """Print an ``error:`` or a ``hint:``, whose first word is colored."""
    terminal = Terminal.of(os.environ)
    first, *others = text_for(terminal, f"{kind}: {text}").split("\n")
    if terminal.color:
        first = click.style(f"{kind}:", fg=fg, bold=True) + first.removeprefix(f"{kind}:")
    click.echo("\n".join([first, *others]), err=True, color=terminal.color)
