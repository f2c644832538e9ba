"""``accel-doctor report``."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import click

from accel_doctor import __version__
from accel_doctor.cli.configuration import cache_directory
from accel_doctor.cli.options import (
    CacheOptions,
    ConfiguredCommand,
    argument,
    as_command,
    note,
    option,
    show,
    text_or_json,
)
from accel_doctor.cli.run_documents import find_run, listed_runs, read_document
from accel_doctor.cli.session import started
from accel_doctor.errors import ExitCode, UsageError
from accel_doctor.report.run_page import run_page, seconds
from accel_doctor.report.run_report import SCHEMA
from accel_doctor.store.layout import LOGS
from accel_doctor.wording import printable


@dataclass(frozen=True)
class ReportOptions:
    run: str | None = argument("[RUN|FILE]", default=None, required=False)
    last: bool = option("--last", default=False, help="The last run.")
    html: str | None = option("--html", metavar="FILE", help="Write the run as a page to look at; - is stdout.")
    form: str = text_or_json()
    place: CacheOptions = CacheOptions()


@as_command("report", ReportOptions, cls=ConfiguredCommand)
def command(options: ReportOptions) -> int:
    """Show what a run did, as a page to look at, as JSON, or in short; without RUN, list the runs.

    RUN is the name of a run or its beginning, or a FILE that install --report wrote. The page is one file, without
    scripts: a time line, each failure with its log around the cause, what was cured and how, sizes and times.
    """
    invocation = started()
    logs = cache_directory(options.place.cache_dir, invocation.variables, invocation.directory) / LOGS
    if options.run and options.last:
        raise UsageError("--last needs no RUN", hint="give one of them")
    if not options.run and not options.last and not options.html:
        runs = list(listed_runs(logs))
        show(options.form, {"schema": SCHEMA, "runs": runs}, map(_line, runs) if runs else ["no run was recorded yet"])
        return ExitCode.DONE
    path = find_run(logs, options.run)
    document = read_document(path)
    if options.html is None:
        show(options.form, document, _summary(document))
        return ExitCode.DONE
    try:
        page = run_page(document, __version__)
    except ValueError as error:
        raise UsageError(f"{path} is not a report of this version: {error}") from error
    if options.html == "-":
        click.echo(page, nl=False)
        return ExitCode.DONE
    try:  # into the file itself, which may be a device or a link
        (invocation.directory / options.html).write_text(page, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"cannot write {options.html}: {error.strerror}") from error
    note(f"wrote {options.html}")
    return ExitCode.DONE


def _line(run: Mapping[str, Any]) -> str:
    command = printable(shlex.join(run["command"]))
    return f"{run['run']}  {run['outcome']:12}  {seconds(run['seconds']):>10}  {command}"


def _summary(document: Mapping[str, Any]) -> Iterator[str]:
    yield printable(shlex.join(document["command"]))
    yield f"{document['outcome']} (exit code {document['exit_code']}), {seconds(document['seconds'])}"
    for moment in document["timeline"]:
        outcome = f", {moment['outcome']}" if moment["outcome"] else ""
        indent = "    " if moment["what"] == "build" else "  "
        yield printable(f"{indent}{moment['name']}: {seconds(moment['seconds'])}{outcome}")
    yield "as a page to look at: --html FILE"
