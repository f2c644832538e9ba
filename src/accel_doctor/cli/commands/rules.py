"""``accel-doctor rules``."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from accel_doctor.cli.commands.rules_new import new
from accel_doctor.errors import ExitCode, RuleError, UsageError

if TYPE_CHECKING:
    from accel_doctor.cli.rule_places import RulePlaces
    from accel_doctor.rulebook import Rulebook

_SETTINGS = {"help_option_names": ["-h", "--help"], "max_content_width": 110}


@click.group("rules", context_settings=_SETTINGS)
def command() -> None:
    """Check, try, list, show and add rules: the shipped ones, with your own laid over them.

    In a checkout of accel-doctor its rules stand in for the shipped ones.
    """


command.add_command(new)


def _with_rules(function: Callable[..., Any]) -> Callable[..., Any]:
    option = click.option(
        "--rules", multiple=True, metavar="DIR", help="Lay this directory of rules over the shipped ones."
    )
    return option(function)


@command.command("lint", context_settings=_SETTINGS)
@click.option("--fix", is_flag=True, help="Sort and format the files of DIR, the checkout, or your own directory.")
@click.option("--stats", is_flag=True, help="Count rules, and those that were not checked against package lists.")
@_with_rules
def lint(fix: bool, stats: bool, rules: tuple[str, ...]) -> int:
    """Say everything that is wrong with the rules: file, key, complaint."""
    from accel_doctor.cli.rule_places import rule_places

    places = rule_places(rules)
    problems = [*_in_order(places, fix), *places.rulebook().problems()]
    if problems:
        raise RuleError(tuple(dict.fromkeys(problems)))
    if stats:
        _show_stats(places.rulebook())
    click.echo("the rules are usable")
    return int(ExitCode.DONE)


def _in_order(places: RulePlaces, fix: bool) -> list[str]:
    """What is wrong with files that cannot be put in order; those that can are, or are named."""
    from accel_doctor.cli.rule_places import replace_file
    from accel_doctor.rulebook.authoring.formatting import formatted

    problems = []
    for path in sorted(places.own.glob("*.yaml")):
        try:
            text = path.read_bytes().decode()
            tidy = formatted(text)
        except (ValueError, OSError) as error:
            problems += [f"{places.shown(path)}: not sorted: {error}"] if fix else []
            continue
        if tidy == text:
            continue
        if fix:
            replace_file(path, tidy.encode())
            click.echo(f"{places.shown(path)}: sorted and formatted")
        else:
            click.echo(f"{places.shown(path)}: not in order; mend it with: accel-doctor rules lint --fix", err=True)
    return problems


def _show_stats(book: Rulebook) -> None:
    samples = sum(len(symptom.match) for symptom in book.symptoms)
    misses = sum(len(symptom.miss) for symptom in book.symptoms)
    click.echo(f"symptoms.yaml: {len(book.symptoms)} symptoms, {samples} samples, {misses} near misses")
    packages = book.python_packages
    sdists, doubtful = sum(one.sdist_only for one in packages), sum(one.unverified for one in packages)
    click.echo(f"python.yaml: {len(packages)} Python packages, {sdists} without Linux wheels, {doubtful} unverified")
    for name in book.families():
        needs, unverified = book.coverage(name)
        checked = ", ".join(book.checked(name))
        against = f", checked against {checked}" if checked else ""
        click.echo(f"{name}.yaml: {needs} needs, {unverified} unverified{against}")


@command.command("test", context_settings=_SETTINGS)
@_with_rules
def test(rules: tuple[str, ...]) -> int:
    """Try every symptom on its own samples, and the cases that `rules new` wrote."""
    from accel_doctor.cli.rule_cases import case_problems, cases_in
    from accel_doctor.cli.rule_places import rule_places
    from accel_doctor.diagnosis import sample_problems

    places = rule_places(rules)
    book = places.rulebook()
    symptoms = book.symptoms
    problems = [problem for symptom in symptoms for problem in sample_problems(symptom, symptoms)]
    cases = cases_in(places.cases)
    problems += [problem for case in cases for problem in case_problems(case, book)]
    if problems:
        raise RuleError(problems)
    count = sum(len(symptom.match) + len(symptom.miss) for symptom in symptoms)
    click.echo(f"{count} samples of {len(symptoms)} symptoms are read as they should be")
    if cases:
        click.echo(f"{len(cases)} case{'s'[: len(cases) > 1]} of `rules new` answered as said")
    return int(ExitCode.DONE)


@command.command("list", context_settings=_SETTINGS)
@click.argument("what", type=click.Choice(["symptoms", "packages", "families"]), default="symptoms")
@_with_rules
def list_rules(what: str, rules: tuple[str, ...]) -> int:
    """List symptoms, Python packages or distribution families."""
    from accel_doctor.cli.rule_places import rule_places

    book = rule_places(rules).rulebook()
    if what == "symptoms":
        for symptom in book.symptoms:
            shown = symptom.kind.value if symptom.kind else ", ".join(map(str, symptom.needs)) or "-"
            click.echo(f"{symptom.id}\t{symptom.role.value}\t{shown}\t{symptom.source}")
        roles = Counter(symptom.role.value for symptom in book.symptoms)
        click.echo(", ".join(f"{count} {role}" for role, count in sorted(roles.items())), err=True)
    elif what == "packages":
        for package in sorted(book.python_packages, key=lambda package: package.name):
            click.echo(f"{package.name}\t{', '.join(map(str, package.needs))}")
    else:
        for name in book.families():
            click.echo(name)
    return int(ExitCode.DONE)


@command.command("show", context_settings=_SETTINGS)
@click.argument("what", metavar="NEED|SYMPTOM|PACKAGE|FAMILY")
@click.option("--distro", metavar="ID[:VERSION]", help="What holds for this distribution, not for all.")
@_with_rules
def show(what: str, distro: str | None, rules: tuple[str, ...]) -> int:
    """Say what the merged rules say about something, and in which file."""
    from difflib import get_close_matches

    from accel_doctor.cli.machines import chosen_distribution
    from accel_doctor.cli.rule_places import rule_places
    from accel_doctor.report.text import printable
    from accel_doctor.rulebook.showing import names, shown

    book = rule_places(rules).rulebook()
    lines = shown(what, book, chosen_distribution(distro, book) if distro else None)
    if not lines:
        close = get_close_matches(what, names(book), n=3)
        raise UsageError(
            f"{what}: neither a need nor the name of a symptom, a Python package or a family that rules know",
            hint=f"did you mean {', '.join(close)}?" if close else "accel-doctor rules list says what there is",
        )
    for line in lines:
        click.echo(printable(line))
    return int(ExitCode.DONE)
