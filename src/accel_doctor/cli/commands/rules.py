"""``accel-doctor rules``."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from difflib import get_close_matches
from typing import Any

import click

from accel_doctor.cli.commands.rules_new import new
from accel_doctor.cli.machines import chosen_distribution, recorded_machine, workplace
from accel_doctor.errors import ExitCode, RuleError, UsageError
from accel_doctor.report.counting import count
from accel_doctor.report.text import printable
from accel_doctor.rulebook import Rulebook
from accel_doctor.rulebook.authoring.checking import check_format, try_rules
from accel_doctor.rulebook.authoring.showing import names, packages_listed, shown, statistics, symptoms_listed

_SETTINGS = {"help_option_names": ["-h", "--help"], "max_content_width": 110}


@click.group("rules", context_settings=_SETTINGS)
def command() -> None:
    """Check, test, list, show and add rules: the shipped ones, with your own laid over them.

    In a checkout of accel-doctor, its own rules replace the shipped ones.
    """


command.add_command(new)


def _with_rules(function: Callable[..., Any]) -> Callable[..., Any]:
    option = click.option(
        "--rules", multiple=True, metavar="DIR", help="Lay this directory of rules over the shipped ones."
    )
    return option(function)


@command.command("lint", context_settings=_SETTINGS)
@click.option("--fix", is_flag=True, help="Sort and format the files of DIR, the checkout, or your own directory.")
@click.option("--stats", is_flag=True, help="Count the rules, and those not verified against package lists.")
@_with_rules
def lint(fix: bool, stats: bool, rules: tuple[str, ...]) -> int:
    """Report everything wrong with the rules: file, key, complaint."""
    where = workplace(rules)
    formatting = check_format(where, fix=fix)
    for name in formatting.untidy:
        click.echo(
            f"formatted {name}" if fix else f"{name}: not formatted: run accel-doctor rules lint --fix", err=not fix
        )
    book = where.rulebook()
    problems = [*(formatting.problems if fix else ()), *book.problems()]
    if problems:
        raise RuleError(tuple(dict.fromkeys(problems)))
    for line in statistics(book) if stats else ():
        click.echo(line)
    click.echo("no problems found")
    return int(ExitCode.DONE)


@command.command("test", context_settings=_SETTINGS)
@_with_rules
def test(rules: tuple[str, ...]) -> int:
    """Test every symptom on its own samples, and the rules on the cases that `rules new` wrote."""
    trial = try_rules(workplace(rules), recorded_machine)
    if trial.problems:
        raise RuleError(trial.problems)
    click.echo(f"{count(trial.samples, 'sample')} of {count(trial.symptoms, 'symptom')} passed")
    if trial.cases:
        click.echo(f"{count(trial.cases, 'case')} of `rules new` passed")
    return int(ExitCode.DONE)


@command.command("list", context_settings=_SETTINGS)
@click.argument("what", type=click.Choice(["symptoms", "packages", "families"]), default="symptoms")
@_with_rules
def list_rules(what: str, rules: tuple[str, ...]) -> int:
    """List symptoms, Python packages or distribution families."""
    book = workplace(rules).rulebook()
    listings = {"symptoms": symptoms_listed, "packages": packages_listed, "families": Rulebook.families}
    for line in listings[what](book):
        click.echo(line)
    if what == "symptoms":
        roles = Counter(symptom.role.value for symptom in book.symptoms)
        click.echo(", ".join(f"{number} {role}" for role, number in sorted(roles.items())), err=True)
    return int(ExitCode.DONE)


@command.command("show", context_settings=_SETTINGS)
@click.argument("what", metavar="NEED|SYMPTOM|PACKAGE|FAMILY")
@click.option("--distro", metavar="ID[:VERSION]", help="Show what applies to this distribution only.")
@_with_rules
def show(what: str, distro: str | None, rules: tuple[str, ...]) -> int:
    """Show what the merged rules say about something, and in which file."""
    book = workplace(rules).rulebook()
    lines = shown(what, book, chosen_distribution(distro, book) if distro else None)
    if not lines:
        close = get_close_matches(what, names(book), n=3)
        raise UsageError(
            f"no rule about {what}: not a need, symptom, Python package or family",
            hint=f"did you mean {', '.join(close)}?" if close else "list what exists with: accel-doctor rules list",
        )
    for line in lines:
        click.echo(printable(line))
    return int(ExitCode.DONE)
