"""``accel-doctor diagnose``."""

from __future__ import annotations

import json
import os
import re
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import click

from accel_doctor.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from accel_doctor.interfaces import PackageManager
    from accel_doctor.model import Diagnosis, Distribution, Interpreter
    from accel_doctor.report.diagnosis import DiagnosisReport
    from accel_doctor.rulebook import Rulebook

_VERSION = re.compile(r"3\.\d{1,2}")


@click.command(
    "diagnose",
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
    help="""Read logs of builds that failed: what they lack, and how to get it.

    LOG is a file, or - for standard input. Any build log will do, from wherever it was kept.""",
)
@click.argument("logs", nargs=-1, metavar="[LOG|-]...")
@click.option("--distro", metavar="ID[:VERSION]", help="Answer for this distribution instead of this machine's.")
@click.option("--python", metavar="X.Y", help="The version of Python that was built for, if the log does not show it.")
@click.option(
    "--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True, help="Text or JSON."
)
@click.option("--rules", multiple=True, metavar="DIR", help="Lay this directory of rules over the shipped ones.")
def command(logs: tuple[str, ...], distro: str | None, python: str | None, form: str, rules: tuple[str, ...]) -> int:
    """Parse, assemble, call, render, exit code."""
    from accel_doctor.cli.preparation import rule_directories
    from accel_doctor.report.diagnosis import diagnosis_document, diagnosis_lines
    from accel_doctor.rulebook import load

    if python and not _VERSION.fullmatch(python):
        raise UsageError(f"--python {python}: not a version of Python", hint="write two numbers, such as 3.13")
    rulebook = load(rule_directories(rules, os.environ))
    distribution = _distribution(distro, rulebook)
    diagnoses, shown = _read(logs or _standard_input(), rulebook)
    report = _report(diagnoses, rulebook, distribution, python or shown, elsewhere=distro is not None)
    if form == "json":
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


def _distribution(distro: str | None, rulebook: Rulebook) -> Distribution:
    from accel_doctor.system.distribution import read_distribution
    from accel_doctor.system.elsewhere import named_distribution

    if distro is None:
        return read_distribution()
    named = named_distribution(distro)
    if rulebook.family(named) is None:
        raise UsageError(
            f"--distro {distro}: no rule file serves this distribution",
            hint=f"there are rules for: {', '.join(rulebook.families())}",
        )
    return named


def _read(logs: tuple[str, ...], rulebook: Rulebook) -> tuple[dict[str, Diagnosis], str | None]:
    """What each log says, and the version of Python that the first shows which shows any."""
    from accel_doctor.diagnosis import WatchedStream, diagnose_stream

    diagnoses: dict[str, Diagnosis] = {}
    shown = None
    for log in dict.fromkeys(logs):
        with ExitStack() as stack:
            stream = WatchedStream(_opened(log, stack))
            try:
                diagnoses[log] = diagnose_stream(stream, rulebook.symptoms)
            except OSError as error:
                raise UsageError(f"{log} cannot be read: {error.strerror}") from error
        shown = shown or stream.python
    return diagnoses, shown


def _opened(log: str, stack: ExitStack) -> BinaryIO:
    if log == "-":
        return sys.stdin.buffer
    try:
        return stack.enter_context(Path(log).open("rb"))
    except OSError as error:
        raise UsageError(f"{log} cannot be read: {error.strerror}") from error


def _report(
    diagnoses: dict[str, Diagnosis],
    rulebook: Rulebook,
    distribution: Distribution,
    python: str | None,
    *,
    elsewhere: bool,
) -> DiagnosisReport:
    from accel_doctor.cli.configuration import user_directory
    from accel_doctor.diagnosis import RuleAdviser, settings_for
    from accel_doctor.fileindex import find_index
    from accel_doctor.model import Reason
    from accel_doctor.report.diagnosis import DiagnosisReport

    causes = [finding for diagnosis in diagnoses.values() for finding in diagnosis.causes]
    interpreter = _interpreter(distribution, python, elsewhere=elsewhere or not causes)
    adviser = RuleAdviser(
        rulebook,
        distribution,
        interpreter,
        _package_manager(rulebook, distribution, elsewhere),
        lambda: find_index(distribution, [user_directory(os.environ) / "indexes"]),
    )
    plan = adviser.plan([Reason(finding.need, finding.package, finding) for finding in causes])
    settings = settings_for(plan, rulebook)
    return DiagnosisReport(
        distribution=distribution,
        diagnoses=diagnoses,
        plan=plan,
        build_constraints=settings.build_constraints,
        environment=settings.environment,
        advice=settings.advice,
        unmet=settings.unmet,
    )


def _interpreter(distribution: Distribution, python: str | None, *, elsewhere: bool) -> Interpreter:
    from accel_doctor.system.elsewhere import assumed_interpreter

    own = f"{sys.version_info.major}.{sys.version_info.minor}"
    if elsewhere or python:
        return assumed_interpreter(distribution, python, own)
    from accel_doctor.cli.assemble import Surrounding
    from accel_doctor.cli.preparation import target_surroundings
    from accel_doctor.system.processes import ProcessRunner
    from accel_doctor.system.target import find_target

    surrounding = Surrounding.read()
    try:
        return find_target(ProcessRunner(surrounding.environment), target_surroundings(surrounding), None)
    except UsageError:  # no environment here: the log is of another one
        return assumed_interpreter(distribution, None, own)


def _package_manager(rulebook: Rulebook, distribution: Distribution, elsewhere: bool) -> PackageManager:
    from accel_doctor.system.absent import AbsentPackageManager
    from accel_doctor.system.elsewhere import PackageManagerElsewhere
    from accel_doctor.system.package_managers import PACKAGE_MANAGERS, package_manager_for
    from accel_doctor.system.privilege import find_privilege
    from accel_doctor.system.processes import ProcessRunner

    manager = rulebook.manager(distribution)
    if manager is None:
        return AbsentPackageManager(distribution)
    if elsewhere or manager.value not in PACKAGE_MANAGERS:
        return PackageManagerElsewhere(manager.value)
    environment = dict(os.environ)
    privilege = find_privilege(euid=os.geteuid(), path=environment.get("PATH", ""), terminal=sys.stdin.isatty())
    return package_manager_for(manager.value, ProcessRunner(environment), privilege)
