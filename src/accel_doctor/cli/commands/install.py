"""``accel-doctor install``."""

from __future__ import annotations

import json
import os
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from accel_doctor.cli.options import (
    EXPORT_FORMATS,
    ConsentOptions,
    FrontendOptions,
    LevelOptions,
    PlaceOptions,
    TargetOptions,
    as_command,
    own,
    table,
)
from accel_doctor.cli.pip_line import PIP_LINE, PipLineCommand
from accel_doctor.errors import AccelDoctorError, ExitCode, UsageError
from accel_doctor.requirements.arguments import ParsedArguments

if TYPE_CHECKING:
    from accel_doctor.cli.assembly import Parts
    from accel_doctor.doctor import Doctor
    from accel_doctor.model import InstallRequest, Policy, Result


@dataclass(frozen=True)
class InstallOptions:
    """What ``install`` can be told."""

    pip: ParsedArguments = table(PIP_LINE, ParsedArguments())
    consent: ConsentOptions = ConsentOptions()
    dry_run: bool = own("--dry-run", default=False, help="Print the plan and the exact commands; change nothing.")
    verify: bool = own("--verify", default=False, help="Import what was installed, and treat missing libraries.")
    portable: bool = own(
        "--portable", default=False, help="Bundle the libraries that built wheels link, with auditwheel, where it can."
    )
    target: TargetOptions = TargetOptions()
    jobs: int | None = own(
        "--jobs", type=click.IntRange(min=1), metavar="N", help="Build this many at once (default: one per core)."
    )
    frontend: FrontendOptions = FrontendOptions()
    export: str | None = own(
        "--export",
        type=click.Choice(EXPORT_FORMATS),
        help="With --dry-run: print the plan in this form.",
    )
    report: str | None = own("--report", metavar="FILE", help="Write a report of the run here, as JSON; - is stdout.")
    place: PlaceOptions = PlaceOptions()
    levels: LevelOptions = LevelOptions()


@as_command("install", InstallOptions, cls=PipLineCommand)
def command(options: InstallOptions) -> int:
    """Install requirements, with the system packages that their builds turn out to need.

    Takes pip's argument line and reads pip's configuration. Source distributions are built, failing builds are
    diagnosed, the missing system packages are offered once, and what failed is built again.
    """
    return run_installation(options)


def run_installation(options: InstallOptions) -> int:
    """Install what ``options`` ask for, tell how it went, and return the exit code."""
    from accel_doctor.cli.assembly import assembled_doctor, auditwheel_for
    from accel_doctor.cli.levels import level_settings
    from accel_doctor.cli.machines import obstacle
    from accel_doctor.cli.pip_accel import pip_accel_notice
    from accel_doctor.cli.preparation import prepare, usable_cores
    from accel_doctor.cli.terminal.interrupts import interruption_told

    started = time.monotonic()
    if options.export and not options.dry_run:
        raise UsageError(
            "--export goes with --dry-run", hint="what was installed is written down by accel-doctor export"
        )
    parts, frontend, request = prepare(options)
    _check_report(options.report)
    if options.portable and not options.dry_run:  # making a kept wheel portable is no rehearsal
        auditwheel_for(parts.surrounding, parts.runner).check()
        request = replace(request, build=replace(request.build, portable=True))
    environment = parts.surrounding.environment
    values = {**asdict(options.levels), "cache_dir": options.place.cache_dir, "dry_run": options.dry_run}
    levels = level_settings(values, environment, offline=request.index.offline)
    notice = pip_accel_notice(values, environment)
    policy = options.consent.policy(dry_run=options.dry_run, verify=options.verify)
    with (
        parts.interrupts.watched(),
        parts.reporter,
        assembled_doctor(parts, frontend, policy, options.jobs or usable_cores(), levels) as doctor,
    ):
        if notice:
            parts.reporter.note(notice)
        with interruption_told(parts.reporter.note, doctor.treatment.transactions, parts.logs):
            result = _treat(doctor, parts, request, options.report)
        in_the_way = obstacle(doctor.treatment.package_manager) if result.code is ExitCode.PRIVILEGE else None
        if options.export:
            click.echo(_exported(result, doctor, parts, options.export), nl=False)
    _conclude(result, parts, policy, time.monotonic() - started, in_the_way, told=bool(options.export))
    parts.logs.forget_old()
    return int(result.code)


def _treat(doctor: Doctor, parts: Parts, request: InstallRequest, report: str | None) -> Result:
    try:
        result = doctor.install(request)
    except AccelDoctorError as error:
        _write_report(report, parts, doctor.result(error.exit_code), error)
        raise
    except (KeyboardInterrupt, click.Abort):  # click's own, at a question
        _write_report(report, parts, doctor.result(ExitCode.INTERRUPTED), None)
        raise
    _write_report(report, parts, result, None)
    return result


def _check_report(target: str | None) -> None:
    # Before an hour of compiling, not after it.
    if target not in (None, "-") and not os.access(Path(target).absolute().parent, os.W_OK):
        raise UsageError(f"the report cannot be written to {target}: its directory is not there or not writable")


def _write_report(target: str | None, parts: Parts, result: Result, error: AccelDoctorError | None) -> None:
    if target is None:
        return
    from accel_doctor.report.run_report import run_document

    text = json.dumps(run_document(result, parts.distribution, parts.interpreter, error), indent=2) + "\n"
    if target == "-":
        click.echo(text, nl=False)
        return
    try:
        Path(target).write_text(text, encoding="utf-8")
    except OSError as failure:
        raise UsageError(f"the report cannot be written to {target}: {failure.strerror}") from failure


def _exported(result: Result, doctor: Doctor, parts: Parts, form: str) -> str:
    from accel_doctor.cli.commands.export import exported_plan
    from accel_doctor.cli.rulebooks import load_rules

    manager = doctor.treatment.package_manager.name
    return exported_plan(result.plan, form, parts.distribution, manager, load_rules(parts.rule_directories))


def _conclude(
    result: Result, parts: Parts, policy: Policy, seconds: float, in_the_way: str | None, *, told: bool
) -> None:
    """How it ended; the commands too, unless the plan was ``told`` in another form."""
    from accel_doctor.report.text import summary_line, unmet_lines, verdict

    reporter = parts.reporter
    if not told and (policy.dry_run or result.code in (ExitCode.CONSENT, ExitCode.PRIVILEGE)):
        reporter.commands(result.plan)
    if result.code in (ExitCode.UNCURED, ExitCode.NOT_IMPORTABLE) and result.plan:
        for line in unmet_lines(result.plan):
            reporter.note(line)
    if result.code is not ExitCode.DONE:
        reporter.verdict(*verdict(result, in_the_way))
    elif not policy.dry_run:
        reporter.step(summary_line(result, str(parts.interpreter.prefix), seconds))
