"""``accel-doctor rules``."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from difflib import get_close_matches

import click

from accel_doctor.cli.commands.rules_new import NewOptions, new, recorded_machine, workplace
from accel_doctor.cli.machines import chosen_distribution
from accel_doctor.cli.options import RulesOptions, argument, as_command, group, option
from accel_doctor.errors import ExitCode, RuleError, UsageError
from accel_doctor.rulebook import Rulebook
from accel_doctor.rulebook.authoring.checking import check_format, try_rules
from accel_doctor.rulebook.authoring.showing import names, packages_listed, shown, statistics, symptoms_listed
from accel_doctor.wording import count, printable

command = group(
    "rules",
    """Check, test, list, show and add rules: the shipped ones, with your own laid over them.

    In a checkout of accel-doctor, its own rules replace the shipped ones.
    """,
)
as_command("new", NewOptions, parent=command)(new)


@dataclass(frozen=True)
class LintOptions(RulesOptions):
    """What ``rules lint`` can be told."""

    fix: bool = option(
        "--fix", default=False, help="Sort and format the files of DIR, the checkout, or your own directory."
    )
    stats: bool = option(
        "--stats", default=False, help="Count the rules, and those not verified against package lists."
    )


@as_command("lint", LintOptions, parent=command)
def lint(options: LintOptions) -> int:
    """Report everything wrong with the rules: file, key, complaint."""
    where = workplace(options.rules)
    formatting = check_format(where, fix=options.fix)
    for name in formatting.untidy:
        advice = f"{name}: not formatted: run accel-doctor rules lint --fix"
        click.echo(f"formatted {name}" if options.fix else advice, err=not options.fix)
    book = where.rulebook()
    problems = [*(formatting.problems if options.fix else ()), *book.problems()]
    if problems:
        raise RuleError(tuple(dict.fromkeys(problems)))
    for line in statistics(book) if options.stats else ():
        click.echo(line)
    click.echo("no problems found")
    return int(ExitCode.DONE)


@as_command("test", RulesOptions, parent=command)
def test(options: RulesOptions) -> int:
    """Test every symptom on its own samples, and the rules on the cases that `rules new` wrote."""
    trial = try_rules(workplace(options.rules), recorded_machine)
    if trial.problems:
        raise RuleError(trial.problems)
    click.echo(f"{count(trial.samples, 'sample')} of {count(trial.symptoms, 'symptom')} passed")
    if trial.cases:
        click.echo(f"{count(trial.cases, 'case')} of `rules new` passed")
    return int(ExitCode.DONE)


_LISTINGS = {"symptoms": symptoms_listed, "packages": packages_listed, "families": Rulebook.families}


@dataclass(frozen=True)
class ListOptions(RulesOptions):
    """What ``rules list`` can be told."""

    what: str = argument(
        "[symptoms|packages|families]", default="symptoms", required=False, type=click.Choice(list(_LISTINGS))
    )


@as_command("list", ListOptions, parent=command)
def list_rules(options: ListOptions) -> int:
    """List symptoms, Python packages or distribution families."""
    book = workplace(options.rules).rulebook()
    for line in _LISTINGS[options.what](book):
        click.echo(line)
    if options.what == "symptoms":
        roles = Counter(symptom.role.value for symptom in book.symptoms)
        click.echo(", ".join(f"{number} {role}" for role, number in sorted(roles.items())), err=True)
    return int(ExitCode.DONE)


@dataclass(frozen=True)
class ShowOptions(RulesOptions):
    """What ``rules show`` can be told."""

    what: str = argument("NEED|SYMPTOM|PACKAGE|FAMILY", default="", required=True)
    distro: str | None = option("--distro", metavar="ID[:VERSION]", help="Show what applies to this distribution only.")


@as_command("show", ShowOptions, parent=command)
def show(options: ShowOptions) -> int:
    """Show what the merged rules say about something, and in which file."""
    book = workplace(options.rules).rulebook()
    what = options.what
    lines = shown(what, book, chosen_distribution(options.distro, book) if options.distro else None)
    if not lines:
        close = get_close_matches(what, names(book), n=3)
        raise UsageError(
            f"no rule about {what}: not a need, symptom, Python package or family",
            hint=f"did you mean {', '.join(close)}?" if close else "list what exists with: accel-doctor rules list",
        )
    for line in lines:
        click.echo(printable(line))
    return int(ExitCode.DONE)
