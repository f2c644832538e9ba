"""``accel-doctor rules``."""

from __future__ import annotations

import os
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

import click

from accel_doctor.cli.configuration import user_directory, working_directory
from accel_doctor.cli.machines import chosen_distribution, unasked_package_manager
from accel_doctor.cli.options import RulesOptions, argument, as_command, checked_version, group, option
from accel_doctor.cli.terminal.asking import Questions
from accel_doctor.cli.terminal.streams import Terminal
from accel_doctor.diagnosis import RuleAdviser
from accel_doctor.errors import ExitCode, RuleError, UsageError
from accel_doctor.fileindex import find_index
from accel_doctor.rulebook import Rulebook
from accel_doctor.rulebook.authoring.cases import try_rules
from accel_doctor.rulebook.authoring.formatting import check_format
from accel_doctor.rulebook.authoring.from_log import Answers, NewRules
from accel_doctor.rulebook.authoring.showing import names, packages_listed, shown, statistics, symptoms_listed
from accel_doctor.rulebook.authoring.workplace import Workplace, find_workplace
from accel_doctor.system.distribution import named_distribution
from accel_doctor.system.packages.managers import MANAGERS
from accel_doctor.system.python.platforms import OWN_VERSION, assumed_interpreter
from accel_doctor.wording import count, printable

_LARGEST_LOG = 2 << 20  # bytes; every test run reads all cases

command = group(
    "rules",
    """Check, test, list, show and add rules: the shipped ones, with your own laid over them.

    In a checkout of accel-doctor, its own rules replace the shipped ones.
    """,
)


def workplace(chosen: Sequence[str]) -> Workplace:
    """Return the rule directories that the ``rules`` commands read and write here."""
    directories = [Path(directory).expanduser().absolute() for directory in chosen]
    return find_workplace(directories, user_directory(os.environ) / "rules", working_directory(), MANAGERS)


def adviser_of(distro: str, python: str, rulebook: Rulebook) -> RuleAdviser:
    """Return the adviser for the machine of a recorded case."""
    distribution = named_distribution(distro)
    interpreter = assumed_interpreter(distribution, python)
    return RuleAdviser(rulebook, distribution, interpreter, unasked_package_manager(rulebook, distribution))


@dataclass(frozen=True)
class LintOptions(RulesOptions):
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
    trial = try_rules(workplace(options.rules), adviser_of)
    if trial.problems:
        raise RuleError(trial.problems)
    click.echo(f"{count(trial.samples, 'sample')} of {count(trial.symptoms, 'symptom')} passed")
    if trial.cases:
        click.echo(f"{count(trial.cases, 'case')} of `rules new` passed")
    return int(ExitCode.DONE)


_LISTINGS = {"symptoms": symptoms_listed, "packages": packages_listed, "families": Rulebook.families}


@dataclass(frozen=True)
class ListOptions(RulesOptions):
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


@dataclass(frozen=True)
class NewOptions(Answers):
    log: str = argument("LOG|-", default="", required=True)
    line: str | None = option(
        "--line", metavar="TEXT|N", help="The line that says what is missing: its number, or part of it."
    )
    need: str | None = option("--need", metavar="KIND:NAME", help="What is missing, such as header:zbar.h.")
    pattern: str | None = option(
        "--pattern", metavar="REGEX", help="The message pattern, with the missing thing as group 'name'."
    )
    misses: tuple[str, ...] = option(
        "--miss", default=(), metavar="TEXT", help="A similar line that must not match; repeatable."
    )
    symptom: str | None = option("--symptom", metavar="NAME", help="A name for the symptom.")
    packages: str | None = option(
        "--packages", metavar="NAMES", help="The packages that provide it, comma-separated; - if none is known."
    )
    distro: str | None = option(
        "--distro", metavar="ID[:VERSION]", help="The distribution of the packages, if not this machine's."
    )
    python: str | None = option(
        "--python", metavar="X.Y", help="The Python version of the build, if the log does not show it."
    )
    case: str | None = option("--case", metavar="NAME", help="A name for the case.")
    rules: tuple[str, ...] = option(
        "--rules", default=(), metavar="DIR", help="Write to this directory of rules, laid over the others."
    )


@as_command("new", NewOptions, parent=command)
def new(options: NewOptions) -> int:
    """Write the rule that a log shows to be missing, and keep the log as a test case.

    For an unknown message it writes a symptom; for a need without a package, a line in the distribution's file. It asks
    for what the log does not tell; without a terminal, options answer.
    """
    python = checked_version(options.python)
    where = workplace(options.rules)
    book = where.rulebook()
    distribution = chosen_distribution(options.distro, book)
    if book.family(distribution) is None:
        raise UsageError(f"no rules for {distribution}", hint="choose another with --distro, or write its file first")
    NewRules(
        workplace=where,
        distribution=distribution,
        log=_content(options.log),
        python=python,
        fallback_python=OWN_VERSION,
        author=Questions(interactive=options.log != "-" and Terminal.of(os.environ).interactive),
        answers=options,
        index=find_index(distribution, [user_directory(os.environ) / "indexes"]),
        adviser_of=adviser_of,
    ).write()
    return int(ExitCode.DONE)


def _content(log: str) -> bytes:
    try:
        if log == "-":
            content = sys.stdin.buffer.read(_LARGEST_LOG + 1)
        else:
            with Path(log).open("rb") as stream:
                content = stream.read(_LARGEST_LOG + 1)
    except OSError as error:
        raise UsageError(f"cannot read {log}: {error.strerror}") from error
    if len(content) > _LARGEST_LOG:
        raise UsageError(
            f"{log} is larger than {_LARGEST_LOG >> 20} MB", hint="cut it down to the failed build; keep its end"
        )
    return content
