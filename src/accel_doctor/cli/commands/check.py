"""``accel-doctor check``."""

from __future__ import annotations

import json
import re
import shutil
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from accel_doctor.cli.commands.export import exported_plan
from accel_doctor.cli.machines import chosen_distribution, interpreter_assumed, package_manager_of
from accel_doctor.cli.options import (
    EXPORT_FORMATS,
    FrontendOptions,
    PlaceOptions,
    as_command,
    option,
    table,
    text_or_json,
)
from accel_doctor.cli.pip_line import PIP_LINE, PipLineCommand
from accel_doctor.errors import ExitCode, UsageError
from accel_doctor.requirements.arguments import ParsedArguments

if TYPE_CHECKING:
    from accel_doctor.cli.assembly import Parts
    from accel_doctor.cli.session import Surrounding
    from accel_doctor.doctor import Doctor
    from accel_doctor.foresight import Foresight, Resolution
    from accel_doctor.interfaces import Frontend
    from accel_doctor.model import Distribution, InstallRequest, Interpreter
    from accel_doctor.rulebook import Rulebook
    from accel_doctor.system.process.runner import ProcessRunner

_VERSION = re.compile(r"3\.\d{1,2}")


@dataclass(frozen=True)
class CheckOptions:
    """What ``check`` can be told."""

    pip: ParsedArguments = table(PIP_LINE, ParsedArguments())
    distro: str | None = option(
        "--distro", metavar="ID[:VERSION]", help="Answer for this distribution instead of this machine's."
    )
    python: str | None = option("--python", metavar="X.Y|PATH", help="Answer for this version or interpreter.")
    form: str = text_or_json()
    export: str | None = option(
        "--export", type=click.Choice(EXPORT_FORMATS), help="Print only what to install, in this form."
    )
    no_resolve: bool = option(
        "--no-resolve", default=False, help="Look at the given names alone: ask no index, run no code."
    )
    frontend: FrontendOptions = FrontendOptions()
    place: PlaceOptions = PlaceOptions()


@as_command("check", CheckOptions, cls=PipLineCommand)
def command(options: CheckOptions) -> int:
    """Say what requirements will need before anything is built, and what of it is missing here.

    Takes pip's argument line, as install does. Nothing is installed.
    """
    from accel_doctor.cli.assembly import assembled_doctor
    from accel_doctor.cli.rulebooks import load_rules
    from accel_doctor.model import Policy
    from accel_doctor.report.check_report import ForesightReport, foresight_document, foresight_lines

    parts, frontend, request = _prepared(options)
    elsewhere = options.distro is not None
    with parts.interrupts.watched(), assembled_doctor(parts, frontend, Policy(dry_run=True), jobs=1) as doctor:
        resolution = _resolution(doctor, parts, request, no_resolve=options.no_resolve)
        foresight = _foresight(doctor, parts, request, resolution, elsewhere=elsewhere)
        manager = doctor.treatment.package_manager.name
    parts.logs.forget_old()
    report = ForesightReport(
        distribution=parts.distribution,
        python=parts.interpreter.feature_version,
        resolved=resolution.locked is not None,
        probed=not elsewhere,
        foresight=foresight,
    )
    if options.export:
        rulebook = load_rules(parts.rule_directories)
        click.echo(exported_plan(foresight.plan, options.export, parts.distribution, manager, rulebook), nl=False)
    elif options.form == "json":
        click.echo(json.dumps(foresight_document(report), indent=2))
    else:
        click.echo("\n".join(foresight_lines(report)))
    return int(ExitCode.DONE if elsewhere else _exit_code(foresight))


def _exit_code(foresight: Foresight) -> ExitCode:
    if not foresight.missing:
        return ExitCode.DONE
    # as install ends where nobody agrees to a cure, or where none is known
    return ExitCode.CONSENT if foresight.plan.packages else ExitCode.UNCURED


# --- for which machine ------------------------------------------------------------------------------------


def _prepared(options: CheckOptions) -> tuple[Parts, Frontend, InstallRequest]:
    from accel_doctor.cli.configuration import rule_directories
    from accel_doctor.cli.preparation import gather
    from accel_doctor.cli.rulebooks import load_rules
    from accel_doctor.cli.session import Surrounding
    from accel_doctor.system.process.runner import ProcessRunner

    surrounding = Surrounding.read(options.pip.verbosity)
    runner = ProcessRunner(surrounding.environment)
    rulebook = load_rules(rule_directories(options.place.rules, surrounding.environment))
    distribution = chosen_distribution(options.distro, rulebook)
    elsewhere = options.distro is not None
    interpreter, assumed = _interpreters(
        options.python, distribution, rulebook, surrounding, runner, elsewhere=elsewhere
    )
    parts, frontend, request = gather(options, surrounding, runner, interpreter)
    parts = replace(
        parts,
        distribution=distribution,
        find_package_manager=lambda rulebook: package_manager_of(rulebook, distribution, elsewhere),
    )
    if assumed:
        parts, frontend = _as_elsewhere(parts, frontend, assumed)
    return parts, frontend, request


def _interpreters(
    python: str | None,
    distribution: Distribution,
    rulebook: Rulebook,
    surrounding: Surrounding,
    runner: ProcessRunner,
    *,
    elsewhere: bool,
) -> tuple[Interpreter, Interpreter | None]:
    """The interpreter that processes are run with, and the one that is meant where that cannot be asked."""
    from accel_doctor.system.python.interpreter import describe
    from accel_doctor.system.python.target import find_target

    version = python if python and _VERSION.fullmatch(python) else None
    if elsewhere and python and not version:
        raise UsageError(f"--python {python}: not a version of Python", hint="write two numbers, such as 3.13")
    search_path = surrounding.environment.get("PATH", "")
    target = surrounding.target
    if elsewhere or (version and not shutil.which(f"python{version}", path=search_path)):
        own = describe(Path(sys.executable), runner)
        return own, interpreter_assumed(distribution, rulebook, version)
    try:
        return find_target(runner, target, f"python{version}" if version else python), None
    except UsageError:
        # Nothing is installed into it: without an environment the distribution's own python3 will do.
        if python or not shutil.which("python3", path=search_path):
            raise
        return find_target(runner, target, "python3"), None


def _as_elsewhere(parts: Parts, frontend: Frontend, assumed: Interpreter) -> tuple[Parts, Frontend]:
    """Parts and frontend for an interpreter that is not here: only uv resolves for another."""
    from accel_doctor.frontends.uv.uv_frontend import UvFrontend
    from accel_doctor.frontends.uv.uv_options import elsewhere_arguments
    from accel_doctor.system.python.platforms import marker_values, platform_of, platform_tags

    platform = platform_of(assumed)
    interpreter = replace(assumed, environment=marker_values(assumed.version, platform))
    if isinstance(frontend, UvFrontend):
        frontend = replace(frontend, elsewhere=elsewhere_arguments(assumed.feature_version, platform.value))
    return replace(parts, interpreter=interpreter, platforms=platform_tags(platform)), frontend


# --- what it will need ------------------------------------------------------------------------------------


def _resolution(doctor: Doctor, parts: Parts, request: InstallRequest, *, no_resolve: bool) -> Resolution:
    from accel_doctor.foresight import Resolution, resolve

    if no_resolve:
        return Resolution(None)
    if parts.platforms and doctor.frontend.name != "uv":
        return Resolution(None, problem=f"{doctor.frontend.name} cannot resolve for another machine")
    resolution = resolve(doctor.frontend, request, doctor.treatment.new_log, doctor.treatment.read_failure)
    if resolution.problem:
        parts.reporter.note(
            f"{resolution.problem}\nGoing by the names given alone; their dependencies are not in this."
        )
    for case in resolution.cases:
        parts.reporter.diagnosed(case)
    return resolution


def _foresight(
    doctor: Doctor, parts: Parts, request: InstallRequest, resolution: Resolution, *, elsewhere: bool
) -> Foresight:
    from accel_doctor.foresight import expected_from_lock, expected_from_names, foresee

    if resolution.locked:
        sources = doctor.sources_of(resolution.locked)
        expected = expected_from_lock(
            resolution.locked,
            sources,
            lambda source: None if parts.platforms else doctor.lacked_by_kept(source, request),
            resolution.cases,
        )
    else:
        expected = expected_from_names(
            request, doctor.treatment.adviser, parts.interpreter.environment, resolution.cases
        )
    return foresee(expected, doctor.treatment.adviser, None if elsewhere else doctor.treatment.prober, resolution.cases)
