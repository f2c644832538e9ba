"""``accel-doctor help``."""

from __future__ import annotations

from dataclasses import dataclass

import click

from accel_doctor.cli.options import argument, as_command
from accel_doctor.errors import ExitCode


@dataclass(frozen=True)
class HelpOptions:
    words: tuple[str, ...] = argument("[COMMAND]...")


@as_command("help", HelpOptions)
def command(options: HelpOptions) -> int:
    """Show the help of a command; without one, all commands."""
    context = click.get_current_context().find_root()
    for word in options.words:
        if not isinstance(context.command, click.Group):
            break  # the arguments that the command was tried with
        name, found, _ = context.command.resolve_command(context, [word])
        if found:
            context = found.context_class(found, info_name=name, parent=context, **found.context_settings)
    click.echo(context.get_help())
    return ExitCode.DONE
