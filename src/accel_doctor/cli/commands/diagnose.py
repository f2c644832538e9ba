"""``accel-doctor diagnose``."""

from __future__ import annotations

import json
import os
import sys
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from accel_doctor.cli.commands.export import exported_plan
from accel_doctor.cli.machines import checked_version, chosen_distribution, interpreter_assumed, package_manager_of
from accel_doctor.cli.options import EXPORT_FORMATS, RulesOptions, argument, as_command, option, text_or_json
from accel_doctor.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from accel_doctor.model import Diagnosis, Distribution, Interpreter
    from accel_doctor.report.diagnosis_report import DiagnosisReport
    from accel_doctor.rulebook import Rulebook


@dataclass(frozen=True)
class DiagnoseOptions(RulesOptions):
    """What ``diagnose`` can be told."""

    logs: tuple[str, ...] = argument("[LOG|-]...")
    distro: str | None = option(
        "--distro", metavar="ID[:VERSION]", help="Answer for this distribution instead of this machine's."
    )
    python: str | None = option(
        "--python", metavar="X.Y", help="The version of Python that was built for, if the log does not show it."
    )
    form: str = text_or_json()
    export: str | None = option(
        "--export", type=click.Choice(EXPORT_FORMATS), help="Print only what to install, in this form."
    )


@as_command("diagnose", DiagnoseOptions)
def command(options: DiagnoseOptions) -> int:
    """Read the logs of failed builds: what they lack, and how to get it.

    LOG is a file, or - for standard input. Any build log will do, wherever it comes from.
    """
    from accel_doctor.cli.configuration import rule_directories
    from accel_doctor.cli.rulebooks import load_rules
    from accel_doctor.report.diagnosis_report import diagnosis_document, diagnosis_lines

    python = checked_version(options.python)
    elsewhere = options.distro is not None
    rulebook = load_rules(rule_directories(options.rules, os.environ))
    distribution = chosen_distribution(options.distro, rulebook)
    diagnoses, shown = _read(options.logs or _standard_input(), rulebook)
    report = _report(diagnoses, rulebook, distribution, python or shown, elsewhere=elsewhere)
    if options.export:
        manager = package_manager_of(rulebook, distribution, elsewhere).name
        click.echo(exported_plan(report.plan, options.export, distribution, manager, rulebook), nl=False)
    elif options.form == "json":
        click.echo(json.dumps(diagnosis_document(report), indent=2))
    else:
        click.echo("\n".join(diagnosis_lines(report)))
    return int(ExitCode.DONE)


def _standard_input() -> tuple[str, ...]:
    if sys.stdin.isatty():
        raise UsageError(
            "no log is given", hint="accel-doctor diagnose LOG, or pip wheel x 2>&1 | accel-doctor diagnose"
        )
    return ("-",)


def _read(logs: tuple[str, ...], rulebook: Rulebook) -> tuple[dict[str, Diagnosis], str | None]:
    """What each log says, and the version of Python that the first shows which shows any."""
    from accel_doctor.cli.terminal.log_streams import LogStream
    from accel_doctor.diagnosis import WatchedStream, diagnose_stream

    diagnoses: dict[str, Diagnosis] = {}
    shown = None
    for log in dict.fromkeys(logs):
        with ExitStack() as stack:
            stream = WatchedStream(LogStream.opened(log, stack, _warn))
            diagnoses[log] = diagnose_stream(stream, rulebook.symptoms)
        shown = shown or stream.python_of(diagnoses[log])
    return diagnoses, shown


def _warn(text: str) -> None:
    from accel_doctor.report.text import printable

    click.echo(click.style("warning: ", fg="yellow", bold=True) + printable(text), err=True)


def _report(
    diagnoses: dict[str, Diagnosis],
    rulebook: Rulebook,
    distribution: Distribution,
    python: str | None,
    *,
    elsewhere: bool,
) -> DiagnosisReport:
    from accel_doctor.cli.configuration import user_directory
    from accel_doctor.diagnosis import RuleAdviser
    from accel_doctor.fileindex import find_index
    from accel_doctor.model import Reason
    from accel_doctor.report.diagnosis_report import DiagnosisReport
    from accel_doctor.system.packages.repositories import enabling_commands

    causes = [finding for diagnosis in diagnoses.values() for finding in diagnosis.causes]
    interpreter = _interpreter(distribution, rulebook, python, elsewhere=elsewhere or not causes)
    adviser = RuleAdviser(
        rulebook,
        distribution,
        interpreter,
        package_manager_of(rulebook, distribution, elsewhere),
        lambda: find_index(distribution, [user_directory(os.environ) / "indexes"]),
        lambda repositories: enabling_commands(repositories, distribution),
    )
    plan = adviser.plan([Reason(finding.need, finding.package, finding) for finding in causes])
    return DiagnosisReport(distribution, diagnoses, plan)


def _interpreter(distribution: Distribution, rulebook: Rulebook, python: str | None, *, elsewhere: bool) -> Interpreter:
    if elsewhere or python:
        return interpreter_assumed(distribution, rulebook, python)
    from accel_doctor.cli.preparation import interpreter_for
    from accel_doctor.cli.session import Surrounding
    from accel_doctor.system.process.runner import ProcessRunner

    surrounding = Surrounding.read()
    return interpreter_for(surrounding, ProcessRunner(surrounding.environment))
