"""``accel-doctor export``."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import click

from accel_doctor.cli.numbers import Whole
from accel_doctor.cli.options import EXPORT_FORMATS, as_command, option
from accel_doctor.cli.session import Session, started
from accel_doctor.errors import ExitCode, UsageError
from accel_doctor.journal import in_effect, journal_entry
from accel_doctor.model.plans import Plan
from accel_doctor.report.diagnosis_report import guessed
from accel_doctor.report.exports import WITH_BUILDS, PackageList, export, package_list, render
from accel_doctor.system.packages.elsewhere import PackageManagerElsewhere
from accel_doctor.system.packages.managers import MANAGERS
from accel_doctor.wording import listed

_TEMPLATE_LIMIT = 1 << 20


@dataclass(frozen=True)
class ExportOptions:
    form: str = option("--format", default="shell", type=click.Choice(EXPORT_FORMATS), help="The format to write.")
    template: str | None = option("--template", metavar="FILE", help="Fill in this Jinja2 template instead.")
    last: int | None = option(
        "-n", "--last", type=Whole(min=1), metavar="N", help="Only what the last N treatments installed."
    )


@as_command("export", ExportOptions)
def command(options: ExportOptions) -> int:
    """Write down the system packages this machine needed, for the next one of the same distribution.

    They come from the journal: every system package that accel-doctor installed here, and why. The formats dockerfile,
    pip, uv and uv-pip also have what was changed in builds: constraints, further requirements, variables.
    """
    needed = _packages_of_journal(options.last)
    if needed is None:
        click.echo("accel-doctor has cured no builds on this distribution yet", err=True)
        return ExitCode.DONE
    template = options.template
    if template is None:
        click.echo(export(needed, options.form), nl=False)
        if needed.cures and options.form not in WITH_BUILDS:
            names = listed(sorted({cure.reason.package or "a command" for cure in needed.cures}))
            others = " or ".join(WITH_BUILDS)
            click.echo(f"not in this format: changed builds of {names}: use --format {others}", err=True)
        return ExitCode.DONE
    try:
        with Path(template).open(encoding="utf-8") as stream:
            click.echo(render(needed, stream.read(_TEMPLATE_LIMIT)), nl=False)
    except OSError as error:
        raise UsageError(f"--template {template}: {error.strerror}") from error
    except ValueError as error:
        raise UsageError(
            f"--template {template}: {error}", hint="the names it can use: accel-doctor docs export"
        ) from error
    return ExitCode.DONE


def exported_plan(plan: Plan | None, form: str, session: Session) -> str:
    """Return a plan as ``export`` would write it after installation with ``--yes``; empty if there is nothing to write.
    Guesses are left out, and the user is told."""
    if plan and plan.guesses:
        session.reporter.note(f"left out of the export: {guessed(plan.guesses)}")
        plan = plan.with_packages(package for package in plan.packages if package not in plan.guesses)
    if not plan or not (plan.packages or (plan.build_cures and form in WITH_BUILDS)):
        return ""
    entry = journal_entry(plan, session.distribution, session.package_manager.name, ())
    return export(_with_commands(package_list([entry]), session), form)


def _packages_of_journal(last: int | None) -> PackageList | None:
    session = Session(started())
    here = session.distribution
    entries = [
        entry
        for entry in in_effect(session.journal.read(MANAGERS))
        # an entry from before an upgrade to the next release has the old release's names
        if (entry.distribution.id, entry.distribution.version) == (here.id, here.version)
    ]
    if not entries:
        return None
    return _with_commands(package_list(entries[-last:] if last else entries), session)


def _with_commands(needed: PackageList, session: Session) -> PackageList:
    """Add the commands that root runs on a fresh machine of the distribution."""
    if not needed.packages:
        return needed
    here = session.distribution
    root = PackageManagerElsewhere(needed.manager, here, session.rulebook)
    return replace(needed, commands=root.commands(needed.names), cleanup=MANAGERS[needed.manager].cleanup)
