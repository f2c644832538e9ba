"""``accel-doctor rules new``: from a log to the rule it lacks, and a case that tests the rule."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

from accel_doctor.cli.configuration import user_directory
from accel_doctor.cli.machines import OWN_VERSION, checked_version, chosen_distribution, recorded_machine, workplace
from accel_doctor.cli.session import Surrounding
from accel_doctor.cli.terminal.questions import Questions
from accel_doctor.errors import ExitCode, UsageError
from accel_doctor.fileindex import find_index
from accel_doctor.rulebook.authoring.from_log import Answers, NewRules

_LARGEST_LOG = 2 << 20  # bytes; a case is read in every run of the tests


@click.command(
    "new",
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
    help="""Write the rule that a log shows to be missing, and keep the log as a test case.

    For an unknown message it writes a symptom; for a need without a package, a line in the distribution's file. It asks
    for what the log does not tell; without a terminal, options answer.""",
)
@click.argument("log", metavar="LOG|-")
@click.option("--line", metavar="TEXT|N", help="The line that says what is missing: its number, or part of it.")
@click.option("--need", metavar="KIND:NAME", help="What is missing, such as header:zbar.h.")
@click.option("--pattern", metavar="REGEX", help="The message pattern, with the missing thing as group 'name'.")
@click.option("--miss", "misses", multiple=True, metavar="TEXT", help="A similar line that must not match; repeatable.")
@click.option("--symptom", metavar="NAME", help="A name for the symptom.")
@click.option("--packages", metavar="NAMES", help="The packages that provide it, comma-separated; - if none is known.")
@click.option("--distro", metavar="ID[:VERSION]", help="The distribution of the packages, if not this machine's.")
@click.option("--python", metavar="X.Y", help="The Python version of the build, if the log does not show it.")
@click.option("--case", metavar="NAME", help="A name for the case.")
@click.option("--rules", multiple=True, metavar="DIR", help="Write to this directory of rules, laid over the others.")
def new(
    log: str,
    line: str | None,
    need: str | None,
    pattern: str | None,
    misses: tuple[str, ...],
    symptom: str | None,
    packages: str | None,
    distro: str | None,
    python: str | None,
    case: str | None,
    rules: tuple[str, ...],
) -> int:
    """Write the rules for a log."""
    where = workplace(rules)
    book = where.rulebook()
    distribution = chosen_distribution(distro, book)
    if book.family(distribution) is None:
        raise UsageError(f"no rules for {distribution}", hint="choose another with --distro, or write its file first")
    NewRules(
        workplace=where,
        distribution=distribution,
        log=_content(log),
        python=checked_version(python),
        fallback_python=OWN_VERSION,
        author=Questions(interactive=log != "-" and Surrounding.read().terminal.interactive),
        answers=Answers(line, need, pattern, misses, symptom, packages, case),
        index=find_index(distribution, [user_directory(os.environ) / "indexes"]),
        machine_of=recorded_machine,
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
