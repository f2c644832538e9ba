"""``accel-doctor check``."""

from __future__ import annotations

import shutil
from contextlib import closing
from dataclasses import dataclass, replace

import click

from accel_doctor.cli.assembly import assembled_doctor
from accel_doctor.cli.baseline import read_baseline, write_baseline
from accel_doctor.cli.commands.export import exported_plan
from accel_doctor.cli.machines import chosen_distribution, with_sure_commands
from accel_doctor.cli.options import (
    FrontendOptions,
    PlaceOptions,
    as_command,
    checked_version,
    distro_option,
    export_option,
    is_version,
    option,
)
from accel_doctor.cli.pip_line import PipArguments, PipLineCommand, prepare
from accel_doctor.cli.session import Session, started
from accel_doctor.doctor import Doctor
from accel_doctor.errors import ExitCode, UsageError
from accel_doctor.foresight import Foresight, Resolution, expected_from_lock, expected_from_names, foresee, resolve
from accel_doctor.frontends.legacy_archives import LegacyArchives
from accel_doctor.frontends.uv.uv_arguments import elsewhere_arguments
from accel_doctor.frontends.uv.uv_frontend import UvFrontend
from accel_doctor.interfaces import Frontend
from accel_doctor.model.machine import Interpreter
from accel_doctor.model.plans import Policy
from accel_doctor.model.requests import InstallRequest
from accel_doctor.report.check_findings import ForesightReport, findings
from accel_doctor.report.check_formats import FORMATS, github
from accel_doctor.system.python.interpreter import describe
from accel_doctor.system.python.platforms import marker_values, platform_of, platform_tags
from accel_doctor.system.python.target import find_target, usual_python


@dataclass(frozen=True)
class CheckOptions:
    pip: PipArguments = PipArguments()
    distro: str | None = distro_option()
    python: str | None = option("--python", metavar="X.Y|PATH", help="Answer for this version or interpreter.")
    form: str = option("--format", default="text", type=click.Choice(list(FORMATS)), help="The format of the answer.")
    annotate: bool = option(
        "--annotate",
        default=False,
        help="In GitHub Actions, also mark what is missing at its line, whatever the format.",
    )
    baseline: str | None = option("--baseline", metavar="FILE", help="Do not fail because of what is in this file.")
    write_baseline: str | None = option(
        "--write-baseline", metavar="FILE", help="Write what is missing to this file, and do not fail because of it."
    )
    export: str | None = export_option()
    no_resolve: bool = option(
        "--no-resolve", default=False, help="Look at the given names alone: ask no index, run no code."
    )
    frontend: FrontendOptions = FrontendOptions()
    place: PlaceOptions = PlaceOptions()


@as_command("check", CheckOptions, cls=PipLineCommand)
def command(options: CheckOptions) -> int:
    """Show what requirements need to build, and what is missing here, before anything is built.

    Takes pip's arguments, as install does. Installs nothing.
    """
    known = read_baseline(options.baseline) if options.baseline else None
    session, frontend, request = _prepared(options)
    elsewhere = options.distro is not None
    with (
        session.interrupts.watched(),
        closing(session.reporter),
        assembled_doctor(session, frontend, Policy(dry_run=True), jobs=1) as doctor,
    ):
        resolution = _resolution(doctor, session, request, no_resolve=options.no_resolve)
        foresight = _foresight(doctor, session, request, resolution, elsewhere=elsewhere)
    foresight = replace(foresight, plan=with_sure_commands(foresight.plan, session.package_manager))
    session.logs.forget_old()
    report = ForesightReport(
        distribution=session.distribution,
        python=session.interpreter.feature_version,
        resolved=resolution.locked is not None,
        probed=not elsewhere,
        foresight=foresight,
        requirements=request.requirements,
        lock=_lock(session, request),
        known=known,
    )
    if options.export:
        click.echo(exported_plan(foresight.plan, options.export, session), nl=False)
    elif answer := FORMATS[options.form](report):
        click.echo(answer)
    if options.annotate and session.terminal.service == "github" and options.form != "github":
        click.echo(github(report), err=True)
    return _concluded(options, report)


def _concluded(options: CheckOptions, report: ForesightReport) -> ExitCode:
    found = findings(report)
    if options.write_baseline:
        write_baseline(options.write_baseline, found)
        return ExitCode.DONE
    new = [finding for finding in found if not finding.known]
    if not new or not report.strict:
        return ExitCode.DONE
    # as install exits when the user declines a cure, or none is known
    return ExitCode.CONSENT if any(finding.curable for finding in new) else ExitCode.UNCURED


def _lock(session: Session, request: InstallRequest) -> str | None:
    """Return the lock file, as seen from the working directory."""
    return str(request.lock).removeprefix(f"{session.invocation.directory}/") if request.lock else None


# --- which machine ---------------------------------------------------------------------------------------


def _prepared(options: CheckOptions) -> tuple[Session, Frontend, InstallRequest]:
    session = Session(started(), options.place, options.pip.verbosity, distro=options.distro)
    chosen_distribution(session.distro, session.rulebook)  # refuses a distribution without rules
    asked, meant = _interpreters(session, options.python)
    session = replace(session, chosen=asked)
    frontend, request = prepare(session, options.pip, options.frontend)
    if meant:
        session, frontend = _as_elsewhere(session, frontend, meant)
    return session, frontend, request


def _interpreters(session: Session, python: str | None) -> tuple[Interpreter, Interpreter | None]:
    """Return the interpreter to run processes with, and the one that is meant if that cannot be run here."""
    version = python if python and is_version(python) else None
    elsewhere = session.distro is not None
    if elsewhere:
        checked_version(python)
    search_path = session.invocation.variables.get("PATH", "")
    if elsewhere or (version and not shutil.which(f"python{version}", path=search_path)):
        own = describe(session.invocation.executable, session.runner)
        return own, session.assumed_interpreter(version)
    try:
        return find_target(session.runner, session.invocation, f"python{version}" if version else python), None
    except UsageError:
        # Nothing is installed into it: without an environment, the distribution's own python3 will do.
        usual = usual_python(session.invocation)
        if python or not usual:
            raise
        return find_target(session.runner, session.invocation, usual), None


def _as_elsewhere(session: Session, frontend: Frontend, meant: Interpreter) -> tuple[Session, Frontend]:
    """Return the session and frontend for an interpreter that is not on this machine: only uv can resolve for it."""
    platform = platform_of(meant)
    interpreter = replace(meant, environment=marker_values(meant.version, platform))
    if isinstance(frontend, LegacyArchives):
        frontend = frontend.uv
    if isinstance(frontend, UvFrontend):
        frontend = replace(frontend, elsewhere=elsewhere_arguments(meant.feature_version, platform.value))
    return replace(session, chosen=interpreter, platforms=platform_tags(platform)), frontend


# --- what is needed ---------------------------------------------------------------------------------------


def _resolution(doctor: Doctor, session: Session, request: InstallRequest, *, no_resolve: bool) -> Resolution:
    if no_resolve:
        return Resolution(None)
    if session.platforms and doctor.frontend.name != "uv":
        return Resolution(None, problem=f"{doctor.frontend.name} cannot resolve for another machine")
    if session.terminal.live:
        session.reporter.step("Resolving")
    resolution = resolve(doctor.frontend, request, doctor.treatment.logs, doctor.treatment.read)
    if resolution.problem:
        session.reporter.note(f"{resolution.problem}\nChecking only the given names, without their dependencies.")
    for case in resolution.cases:
        session.reporter.diagnosed(case)
    return resolution


def _foresight(
    doctor: Doctor, session: Session, request: InstallRequest, resolution: Resolution, *, elsewhere: bool
) -> Foresight:
    if resolution.locked:
        sources = doctor.environment.sources(resolution.locked)
        lacked = {} if session.platforms else doctor.wheels.lacked_by_kept(sources, request)
        expected = expected_from_lock(resolution.locked, sources, lacked, resolution.cases)
    else:
        expected = expected_from_names(
            request, doctor.treatment.adviser, session.interpreter.environment, resolution.cases
        )
    return foresee(expected, doctor.treatment.adviser, None if elsewhere else doctor.treatment.prober, resolution.cases)
