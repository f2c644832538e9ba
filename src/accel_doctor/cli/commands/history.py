"""``accel-doctor history``."""

from __future__ import annotations

from dataclasses import dataclass

import click

from accel_doctor.cli.numbers import Whole
from accel_doctor.cli.options import as_command, option, show, text_or_json
from accel_doctor.cli.session import Session, started
from accel_doctor.errors import ExitCode
from accel_doctor.journal import SCHEMA, as_json
from accel_doctor.report.text import history_lines
from accel_doctor.system.packages.managers import MANAGERS


@dataclass(frozen=True)
class HistoryOptions:
    last: int | None = option("-n", "--last", type=Whole(min=1), metavar="N", help="Only the last N.")
    form: str = text_or_json()


@as_command("history", HistoryOptions)
def command(options: HistoryOptions) -> int:
    """List what was installed and changed here: when, for what, and by which command. The newest comes last."""
    entries = Session(started()).journal.read(MANAGERS)
    entries = entries[-options.last :] if options.last else entries
    if entries or options.form == "json":
        document = {"schema": SCHEMA, "treatments": [as_json(entry) for entry in entries]}
        show(options.form, document, history_lines(entries))
    else:
        click.echo("accel-doctor has cured no builds here yet", err=True)
    return ExitCode.DONE
