"""``accel-doctor diagnose``."""

from __future__ import annotations

import sys
from contextlib import ExitStack
from dataclasses import dataclass

import click

from accel_doctor.cli.commands.export import exported_plan
from accel_doctor.cli.options import (
    PlaceOptions,
    RulesOptions,
    argument,
    as_command,
    checked_version,
    distro_option,
    export_option,
    option,
    show,
    text_or_json,
)
from accel_doctor.cli.session import Session, started
from accel_doctor.cli.terminal.log_streams import LogStream
from accel_doctor.diagnosis import WatchedStream, diagnose_stream
from accel_doctor.errors import ExitCode, UsageError
from accel_doctor.model import Diagnosis, Plan, Reason
from accel_doctor.report.diagnosis_report import diagnosis_document, diagnosis_lines


@dataclass(frozen=True)
class DiagnoseOptions(RulesOptions):
    logs: tuple[str, ...] = argument("[LOG|-]...")
    distro: str | None = distro_option()
    python: str | None = option(
        "--python", metavar="X.Y", help="The Python version of the build, if the log does not show it."
    )
    form: str = text_or_json()
    export: str | None = export_option()


@as_command("diagnose", DiagnoseOptions)
def command(options: DiagnoseOptions) -> int:
    """Read the logs of failed builds: what is missing, and how to install it.

    LOG is a file, or - for standard input. Any build log will do, wherever it comes from.
    """
    python = checked_version(options.python)
    session = Session(started(), PlaceOptions(rules=options.rules), distro=options.distro)
    session.require_rules()
    diagnoses, shown = _read(options.logs or _standard_input(), session)
    plan = _plan(diagnoses, session, python or shown)
    if options.export:
        click.echo(exported_plan(plan, options.export, session), nl=False)
    else:
        show(
            options.form,
            diagnosis_document(session.distribution, diagnoses, plan),
            diagnosis_lines(session.distribution, diagnoses, plan),
        )
    return ExitCode.DONE


def _standard_input() -> tuple[str, ...]:
    if sys.stdin.isatty():
        raise UsageError("no log given", hint="accel-doctor diagnose LOG, or pip wheel x 2>&1 | accel-doctor diagnose")
    return ("-",)


def _read(logs: tuple[str, ...], session: Session) -> tuple[dict[str, Diagnosis], str | None]:
    """Return what each log says, and the version of Python that the first one shows which shows any."""
    diagnoses: dict[str, Diagnosis] = {}
    shown = None
    for log in dict.fromkeys(logs):
        with ExitStack() as stack:
            stream = WatchedStream(LogStream.opened(log, stack, session.reporter))
            diagnoses[log] = diagnose_stream(stream, session.rulebook.symptoms)
        shown = shown or stream.python_of(diagnoses[log])
    return diagnoses, shown


def _plan(diagnoses: dict[str, Diagnosis], session: Session, python: str | None) -> Plan:
    causes = [finding for diagnosis in diagnoses.values() for finding in diagnosis.causes]
    assumed = python or session.distro is not None or not causes
    interpreter = session.assumed_interpreter(python) if assumed else session.likely_interpreter()
    return session.adviser(interpreter).plan([Reason(finding.need, finding.package, finding) for finding in causes])
