"""``accel-doctor run``."""

from __future__ import annotations

import shlex
import signal
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from accel_doctor.cli.options import (
    ConfiguredCommand,
    ConsentOptions,
    PlaceOptions,
    VerbosityOptions,
    argument,
    as_command,
    own,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from accel_doctor.cli.assembly import Parts
    from accel_doctor.model import Failed
    from accel_doctor.treatment import Treatment, TreatmentEnded

_NO_ROOT = "installing packages needs root, and there is neither sudo nor doas here"
# Well, interrupted, or left by who read its output: nothing to diagnose.
_NO_FAILURE = frozenset({0, -signal.SIGINT, 128 + signal.SIGINT, -signal.SIGPIPE, 128 + signal.SIGPIPE})


@dataclass(frozen=True)
class RunOptions:
    """What ``run`` can be told."""

    words: tuple[str, ...] = argument("-- COMMAND [ARGUMENT]...", required=True, type=click.UNPROCESSED)
    consent: ConsentOptions = ConsentOptions()
    dry_run: bool = own("--dry-run", default=False, help="Run the command once; print the plan and change nothing.")
    python: str | None = own("--python", metavar="PATH", help="The interpreter or environment that is built for.")
    place: PlaceOptions = PlaceOptions()
    talk: VerbosityOptions = VerbosityOptions()


@as_command("run", RunOptions, cls=ConfiguredCommand, allow_interspersed_args=False)
def command(options: RunOptions) -> int:
    """Run a command that builds something; when it fails for want of a system package, install that and run it again.

    Any command: uv sync, poetry install, tox, make, cmake, cargo build, npm install. It looks and behaves as without
    accel-doctor, and its exit code is the exit code.
    """
    from accel_doctor.cli.assembly import assembled_treatment
    from accel_doctor.cli.preparation import interpreter_for, interpreter_of_version, parts_for
    from accel_doctor.cli.session import Surrounding
    from accel_doctor.cli.terminal.reporters import CommandReporter
    from accel_doctor.system.process.runner import ProcessRunner

    surrounding = Surrounding.read(options.talk.verbosity)
    runner = ProcessRunner(surrounding.environment)
    interpreter = interpreter_for(surrounding, runner, options.python)
    parts = parts_for(surrounding, runner, interpreter, options.place, CommandReporter)
    treatment = assembled_treatment(
        parts,
        options.consent.policy(dry_run=options.dry_run),
        None if options.python else lambda version: interpreter_of_version(surrounding, runner, version),
    )
    code = _until_well(options.words, parts, treatment)
    parts.logs.forget_old()
    return code if code >= 0 else 128 - code  # as a shell says that a signal ended it


def _until_well(words: Sequence[str], parts: Parts, treatment: Treatment) -> int:
    """Run it until it is well or cannot be helped; the last return code."""
    from accel_doctor.cli.terminal.interrupts import interruption_told
    from accel_doctor.model import Failed
    from accel_doctor.treatment import TreatmentEnded

    terminal = all(stream.isatty() for stream in (sys.stdin, sys.stdout, sys.stderr))
    codes: list[int] = []

    def attempt() -> int | Failed:
        if codes:
            parts.reporter.step(f"running again: {shlex.join(words)}")
        log = parts.logs.new_log("run", words[0].rpartition("/")[2])
        done = parts.runner.watch(words, log, terminal=terminal)
        if done.stderr:  # it could not be started
            click.echo(done.stderr, err=True)
        codes.append(done.returncode)
        if done.returncode in (-signal.SIGINT, 128 + signal.SIGINT) and treatment.transactions:
            raise KeyboardInterrupt
        if done.returncode in _NO_FAILURE:
            return done.returncode
        return Failed(None, log, "command", done.returncode, done.seconds)

    try:
        with parts.interrupts.watched(), interruption_told(parts.reporter.note, treatment.transactions, parts.logs):
            return treatment.until_well(attempt)
    except TreatmentEnded as ended:
        _explain(ended, parts, treatment)
        return codes[-1]


def _explain(ended: TreatmentEnded, parts: Parts, treatment: Treatment) -> None:
    """What is left to do. stdout is the command's, so everything goes to stderr."""
    from accel_doctor.cli.machines import obstacle
    from accel_doctor.errors import ExitCode
    from accel_doctor.report.text import unmet_lines

    match ended.code:
        case ExitCode.CONSENT:
            parts.reporter.note("not cured: nobody agreed to these packages; --yes agrees to all but guesses")
        case ExitCode.PRIVILEGE:
            parts.reporter.note(f"not cured: {obstacle(treatment.package_manager) or _NO_ROOT}")
        case ExitCode.UNCURED | ExitCode.NETWORK:
            for line in unmet_lines(ended.plan) if ended.plan else ():
                parts.reporter.note(line)
        case _:  # a rehearsal, whose plan was shown
            pass
