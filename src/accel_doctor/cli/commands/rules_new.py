"""``accel-doctor rules new``: from a log to the rule it lacks, and a case that tests the rule."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from accel_doctor.cli.configuration import user_directory
from accel_doctor.cli.machines import OWN_VERSION, chosen_distribution, interpreter_assumed, unasked_package_manager
from accel_doctor.cli.options import argument, checked_version, option
from accel_doctor.cli.session import Terminal
from accel_doctor.cli.terminal.questions import Questions
from accel_doctor.errors import ExitCode, UsageError
from accel_doctor.fileindex import find_index
from accel_doctor.rulebook import Rulebook
from accel_doctor.rulebook.authoring.cases import BuildMachine
from accel_doctor.rulebook.authoring.from_log import Answers, NewRules
from accel_doctor.rulebook.authoring.workplace import Workplace, find_workplace
from accel_doctor.system.distribution import named_distribution
from accel_doctor.system.packages.managers import MANAGERS

_LARGEST_LOG = 2 << 20  # bytes; a case is read in every run of the tests


def workplace(chosen: Sequence[str]) -> Workplace:
    """Return the directories of rules that the ``rules`` commands read and write here."""
    directories = [Path(directory).expanduser().absolute() for directory in chosen]
    return find_workplace(directories, user_directory(os.environ) / "rules", Path.cwd(), MANAGERS)


def recorded_machine(distro: str, python: str, rulebook: Rulebook) -> BuildMachine:
    """Return the machine of a recorded case, of which a distribution and a version of Python are known."""
    distribution = named_distribution(distro)
    interpreter = interpreter_assumed(distribution, rulebook, python)
    return BuildMachine(distribution, interpreter, unasked_package_manager(rulebook, distribution))


@dataclass(frozen=True)
class NewOptions:
    """What ``rules new`` can be told."""

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
        answers=Answers(
            line=options.line,
            need=options.need,
            pattern=options.pattern,
            misses=options.misses,
            symptom=options.symptom,
            packages=options.packages,
            case=options.case,
        ),
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
