"""``accel-doctor rules``."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from accel_doctor.errors import ExitCode, RuleError

if TYPE_CHECKING:
    from accel_doctor.rulebook import Rulebook

_SETTINGS = {"help_option_names": ["-h", "--help"], "max_content_width": 110}


@click.group("rules", context_settings=_SETTINGS)
def command() -> None:
    """Check, try and list the rules: the shipped ones, with your own laid over them."""


def _with_rules(function: Callable[..., Any]) -> Callable[..., Any]:
    option = click.option(
        "--rules", multiple=True, metavar="DIR", help="Lay this directory of rules over the shipped ones."
    )
    return option(function)


def _rulebook(directories: tuple[str, ...]) -> Rulebook:
    from accel_doctor.cli.preparation import rule_directories
    from accel_doctor.rulebook import load

    return load(rule_directories(directories, os.environ))


@command.command("lint", context_settings=_SETTINGS)
@click.option("--stats", is_flag=True, help="Count rules, and those that were not checked against package lists.")
@_with_rules
def lint(stats: bool, rules: tuple[str, ...]) -> int:
    """Say everything that is wrong with the rules: file, key, complaint."""
    book = _rulebook(rules)
    problems = book.problems()
    if problems:
        raise RuleError(problems)
    if stats:
        _show_stats(book)
    click.echo("the rules are usable")
    return int(ExitCode.DONE)


def _show_stats(book: Rulebook) -> None:
    samples = sum(len(symptom.match) for symptom in book.symptoms)
    misses = sum(len(symptom.miss) for symptom in book.symptoms)
    click.echo(f"symptoms.yaml: {len(book.symptoms)} symptoms, {samples} samples, {misses} near misses")
    click.echo(f"python.yaml: {len(book.python_packages)} Python packages")
    for name in book.families():
        needs, unverified = book.coverage(name)
        click.echo(f"{name}.yaml: {needs} needs, {unverified} unverified")


@command.command("test", context_settings=_SETTINGS)
@_with_rules
def test(rules: tuple[str, ...]) -> int:
    """Try every symptom on its own samples."""
    from accel_doctor.diagnosis import sample_problems

    symptoms = _rulebook(rules).symptoms
    problems = [problem for symptom in symptoms for problem in sample_problems(symptom, symptoms)]
    if problems:
        raise RuleError(problems)
    count = sum(len(symptom.match) + len(symptom.miss) for symptom in symptoms)
    click.echo(f"{count} samples of {len(symptoms)} symptoms are read as they should be")
    return int(ExitCode.DONE)


@command.command("list", context_settings=_SETTINGS)
@click.argument("what", type=click.Choice(["symptoms", "packages", "families"]), default="symptoms")
@_with_rules
def list_rules(what: str, rules: tuple[str, ...]) -> int:
    """List symptoms, Python packages or distribution families."""
    book = _rulebook(rules)
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
