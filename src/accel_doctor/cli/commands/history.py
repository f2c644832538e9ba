"""``accel-doctor history``."""

from __future__ import annotations

import json
import os

import click

from accel_doctor.errors import ExitCode


@click.command(
    "history",
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
    help="List what was installed here: when, for what, by which command. The newest is the last.",
)
@click.option("-n", "--last", type=click.IntRange(min=1), metavar="N", help="Only the last N.")
@click.option(
    "--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True, help="Text or JSON."
)
def command(last: int | None, form: str) -> int:
    """Parse, read, render, exit code."""
    from accel_doctor.cli.configuration import journal_path
    from accel_doctor.journal import SCHEMA, Journal, as_json
    from accel_doctor.report.history_report import history_lines
    from accel_doctor.system.packages.managers import MANAGERS

    entries = Journal(journal_path(os.environ), lambda text: click.echo(text, err=True)).read(MANAGERS)
    entries = entries[-last:] if last else entries
    if form == "json":
        click.echo(json.dumps({"schema": SCHEMA, "treatments": [as_json(entry) for entry in entries]}, indent=2))
    elif entries:
        click.echo("\n".join(history_lines(entries)))
    else:
        click.echo("nothing was installed by accel-doctor yet", err=True)
    return int(ExitCode.DONE)
