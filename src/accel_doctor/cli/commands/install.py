"""``accel-doctor install``."""

from __future__ import annotations

import json
import os
import time
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from accel_doctor.cli.assembly import assembled_doctor, auditwheel_for
from accel_doctor.cli.configuration import pip_accel_notice
from accel_doctor.cli.numbers import Whole
from accel_doctor.cli.options import (
    EXPORT_FORMATS,
    ConsentOptions,
    FrontendOptions,
    LevelOptions,
    PlaceOptions,
    as_command,
    own,
)
from accel_doctor.cli.pip_line import PipArguments, PipLineCommand, prepare
from accel_doctor.cli.run_documents import document_of, keep
from accel_doctor.cli.sandbox_options import SandboxOptions
from accel_doctor.cli.session import Session, started
from accel_doctor.cli.targets import InstallTargetOptions, with_target
from accel_doctor.cli.terminal.interrupts import interruption_told
from accel_doctor.doctor import Doctor
from accel_doctor.errors import AccelDoctorError, ExitCode, UsageError
from accel_doctor.model.machine import Invocation
from accel_doctor.model.plans import Policy, Result
from accel_doctor.model.requests import InstallRequest
from accel_doctor.report.change_text import change_lines, rehearsal_line, summary_line
from accel_doctor.report.release_text import alternative_lines
from accel_doctor.report.text import unmet_lines, verdict
from accel_doctor.system.python.interpreter import refuse_externally_managed, refuse_unwritable

if TYPE_CHECKING:
    from accel_doctor.cli.project_locks import ProjectLock


@dataclass(frozen=True)
class InstallOptions:
    pip: PipArguments = PipArguments()
    consent: ConsentOptions = ConsentOptions()
    dry_run: bool = own("--dry-run", default=False, help="Print the plan and the exact commands; change nothing.")
    verify: bool | None = own(
        "--verify/--no-verify",
        variable="ACCEL_DOCTOR_VERIFY",
        help="Import everything, or nothing, before it is done (default: what was built, or asked for and is new).",
    )
    upgrade_unbuildable: bool = own(
        "--upgrade-unbuildable",
        default=False,
        help="Of what cannot be built here, install the nearest release with a wheel, also where you pinned another.",
    )
    portable: bool = own(
        "--portable", default=False, help="Bundle linked libraries into built wheels with auditwheel, where possible."
    )
    target: InstallTargetOptions = InstallTargetOptions()
    jobs: int | None = own(
        "--jobs", type=Whole(min=1), metavar="N", help="Build this many at once (default: one per core)."
    )
    frontend: FrontendOptions = FrontendOptions()
    sandbox: SandboxOptions = SandboxOptions()
    export: str | None = own(
        "--export",
        type=click.Choice(EXPORT_FORMATS),
        help="With --dry-run: print the plan in this format.",
    )
    report: str | None = own("--report", metavar="FILE", help="Write a report of the run here, as JSON; - is stdout.")
    place: PlaceOptions = PlaceOptions()
    levels: LevelOptions = LevelOptions()


@as_command("install", InstallOptions, cls=PipLineCommand)
def command(options: InstallOptions) -> int:
    """Install requirements, with the system packages their builds turn out to need.

    Takes pip's arguments and reads pip's configuration. Builds source distributions, diagnoses the builds that fail,
    offers the missing system packages once, and builds again what failed.
    """
    return run_installation(options, started())


def run_installation(options: InstallOptions, invocation: Invocation) -> int:
    """Install what ``options`` ask for, report the outcome, and return the exit code."""
    if options.export and not options.dry_run:
        raise UsageError("--export needs --dry-run", hint="accel-doctor export writes down what was installed")
    return install_in(session_of(options, invocation), options)


def session_of(options: InstallOptions, invocation: Invocation) -> Session:
    """Return the session of an installation."""
    isolation = options.sandbox.isolation
    return Session(invocation, options.place, options.pip.verbosity, options.target.python, isolation=isolation)


def install_in(session: Session, options: InstallOptions, lock: ProjectLock | None = None) -> int:
    """Install what ``options`` ask for, which a project's ``lock`` may have said; return the exit code."""
    wanted = lock.requires_python if lock else None
    with with_target(session, options.pip, options.target, options.frontend, wanted, dry_run=options.dry_run) as target:
        return _installed(options, lock, *target)


def _installed(options: InstallOptions, lock: ProjectLock | None, session: Session, environment: Path) -> int:
    began, invocation = time.monotonic(), session.invocation
    frontend, request = prepare(session, options.pip, options.frontend)
    request = lock.applied(request, session.interpreter) if lock else request
    refuse_externally_managed(session.interpreter, request)
    if not options.dry_run:
        refuse_unwritable(session.interpreter, request)
    report = Report(options.report, session)
    report.check()
    if options.portable and not options.dry_run:  # making a kept wheel portable is not part of a dry run
        auditwheel_for(session).check()
        request = replace(request, build=replace(request.build, portable=True))
    variables = invocation.variables
    levels = options.levels.settings(variables, offline=request.index.offline, dry_run=options.dry_run)
    given = {"level": options.levels.level, "cache_dir": options.place.cache_dir}
    policy = options.consent.policy(dry_run=options.dry_run, verify=options.verify)
    policy = replace(policy, upgrade_unbuildable=options.upgrade_unbuildable)
    with (
        session.interrupts.watched(),
        closing(session.reporter),
        assembled_doctor(session, frontend, policy, options.jobs or usable_cores(), levels) as doctor,
    ):
        if notice := pip_accel_notice(given, variables):
            session.reporter.note(notice)
        with interruption_told(session.reporter, doctor.treatment.transactions, session.logs):
            result = _install(doctor, request, report)
        in_the_way = session.obstacle if result.code is ExitCode.PRIVILEGE else None
        if options.export:
            from accel_doctor.cli.commands.export import exported_plan  # loads rules and templates

            click.echo(exported_plan(result.plan, options.export, session), nl=False)
    where, seconds = str(request.target or request.prefix or environment), time.monotonic() - began
    conclude(result, session, policy, where, seconds, in_the_way, told=bool(options.export))
    session.logs.forget_old()
    return int(result.code)


def _install(doctor: Doctor, request: InstallRequest, report: Report) -> Result:
    try:
        result = doctor.install(request)
    except AccelDoctorError as error:
        report.write(doctor.result(error.exit_code), error)
        raise
    except (KeyboardInterrupt, click.Abort):  # click raises it at a prompt
        report.write(doctor.result(ExitCode.INTERRUPTED))
        raise
    report.write(result)
    return result


@dataclass(frozen=True)
class Report:
    """The report of the run, for its logs and for ``--report``."""

    target: str | None
    session: Session

    @property
    def _path(self) -> Path:
        return self.session.invocation.directory / (self.target or "")

    def check(self) -> None:
        """Raise UsageError if the report cannot be written: before an hour of compiling, not after it."""
        if self.target not in (None, "-") and not os.access(self._path.parent, os.W_OK):
            raise UsageError(
                f"cannot write the report to {self.target}: its directory is missing or not writable",
                hint="make the directory, or name another file",
            )

    def write(self, result: Result, error: AccelDoctorError | None = None) -> None:
        """Keep the report of the run with its logs, and write it to where it is wanted."""
        document = document_of(result, self.session, self.session.sandbox.description, error)
        keep(document, self.session)
        if self.target is None:
            return
        text = json.dumps(document, indent=2) + "\n"
        if self.target == "-":
            click.echo(text, nl=False)
            return
        try:
            self._path.write_text(text, encoding="utf-8")
        except OSError as failure:
            raise UsageError(f"cannot write the report to {self.target}: {failure.strerror}") from failure


def conclude(
    result: Result, session: Session, policy: Policy, where: str, seconds: float, obstacle: str | None, *, told: bool
) -> None:
    """Print the outcome, and the commands unless the plan was already ``told`` in another form."""
    reporter = session.reporter
    if not told and (policy.dry_run or result.code in (ExitCode.CONSENT, ExitCode.PRIVILEGE)):
        reporter.commands(result.plan)
    if result.code in (ExitCode.UNCURED, ExitCode.NOT_IMPORTABLE) and result.plan:
        for line in unmet_lines(result.plan):
            reporter.note(line)
    for line in (line for one in result.alternatives for line in alternative_lines(one)):
        reporter.note(line)
    if not told:
        reporter.changes(change_lines(result.changes, rehearsed=policy.dry_run))
    if result.code is not ExitCode.DONE:
        asked = session.terminal.interactive and not policy.yes
        reporter.verdict(*verdict(result, policy, obstacle, asked=asked))
    elif not told:
        reporter.summary(rehearsal_line(result, where) if policy.dry_run else summary_line(result, where, seconds))


def usable_cores() -> int:
    """Return how many cores this process may use: containers and taskset allow fewer than the machine has."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
