"""``accel-doctor export``."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from accel_doctor.cli.options import EXPORT_FORMATS, as_command, option
from accel_doctor.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from accel_doctor.model import Distribution, Plan
    from accel_doctor.report.exports import PackageList
    from accel_doctor.rulebook import Rulebook

_TEMPLATE_LIMIT = 1 << 20


@dataclass(frozen=True)
class ExportOptions:
    """What ``export`` can be told."""

    form: str = option("--format", default="shell", type=click.Choice(EXPORT_FORMATS), help="For what it is written.")
    template: str | None = option("--template", metavar="FILE", help="Fill in this Jinja2 template instead.")
    last: int | None = option(
        "-n", "--last", type=click.IntRange(min=1), metavar="N", help="Only what the last N treatments installed."
    )


@as_command("export", ExportOptions)
def command(options: ExportOptions) -> int:
    """Write down what this machine needed, for the next one of the same distribution.

    It comes from the journal: every system package that accel-doctor installed here, and why.
    """
    from accel_doctor.report.exports import export, render

    needed = _packages_of_journal(options.last)
    if needed is None:
        click.echo("nothing was installed by accel-doctor on this distribution yet", err=True)
        return int(ExitCode.DONE)
    template = options.template
    if template is None:
        click.echo(export(needed, options.form), nl=False)
        return int(ExitCode.DONE)
    try:
        with Path(template).open(encoding="utf-8") as stream:
            click.echo(render(needed, stream.read(_TEMPLATE_LIMIT)), nl=False)
    except OSError as error:
        raise UsageError(f"--template {template}: {error.strerror}") from error
    except ValueError as error:
        raise UsageError(f"--template {template}: {error}", hint="docs/reference/export.md lists its names") from error
    return int(ExitCode.DONE)


def exported_plan(plan: Plan | None, form: str, distribution: Distribution, manager: str, rulebook: Rulebook) -> str:
    """A plan as ``export`` would write it once it was carried out; nothing where it holds no packages."""
    from accel_doctor.journal import journal_entry
    from accel_doctor.report.exports import export, package_list

    if not plan or not plan.packages:
        return ""
    entry = journal_entry(plan, distribution, manager, ())
    return export(package_list([entry], _commands_for_root(rulebook, distribution)), form)


def _packages_of_journal(last: int | None) -> PackageList | None:
    from accel_doctor.cli.configuration import journal_path
    from accel_doctor.cli.rulebooks import load_rules
    from accel_doctor.journal import Journal
    from accel_doctor.report.exports import package_list
    from accel_doctor.system.distribution import read_distribution
    from accel_doctor.system.packages.managers import MANAGERS

    here = read_distribution()
    entries = [
        entry
        for entry in Journal(journal_path(os.environ), lambda text: click.echo(text, err=True)).read(MANAGERS)
        # an entry from before an upgrade to the next release has that release's names
        if (entry.distribution.id, entry.distribution.version) == (here.id, here.version)
    ]
    if not entries:
        return None
    return package_list(entries[-last:] if last else entries, _commands_for_root(load_rules(), here))


def _commands_for_root(
    rulebook: Rulebook, distribution: Distribution
) -> Callable[[str, Sequence[str]], Sequence[Sequence[str]]]:
    """What root runs on a fresh machine of a distribution, by package manager and names."""
    from accel_doctor.system.packages.elsewhere import PackageManagerElsewhere

    def commands_of(manager: str, names: Sequence[str]) -> Sequence[Sequence[str]]:
        root = PackageManagerElsewhere(manager, distribution, lambda name: rulebook.repository(name, distribution))
        return root.commands(names)

    return commands_of
