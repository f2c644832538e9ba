"""``accel-doctor run``."""

from __future__ import annotations

import shlex
import signal
import sys
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, replace

from accel_doctor.cli.assembly import assembled_treatment
from accel_doctor.cli.options import (
    ConfiguredCommand,
    ConsentOptions,
    PlaceOptions,
    argument,
    as_command,
    option,
    own,
)
from accel_doctor.cli.run_documents import document_of, keep
from accel_doctor.cli.session import Session, started
from accel_doctor.cli.terminal.interrupts import interruption_told
from accel_doctor.errors import ExitCode
from accel_doctor.model.builds import Failed
from accel_doctor.model.plans import Plan, Result
from accel_doctor.report.text import unconfirmed, unmet_lines
from accel_doctor.treatment import Treatment, TreatmentEnded

_NO_SANDBOX = "the command ran as it does without accel-doctor"
_NO_ROOT = "installing them needs root: neither sudo nor doas found"
# Succeeded, interrupted, or ended by a closed pipe: nothing to diagnose.
_NO_FAILURE = frozenset({0, -signal.SIGINT, 128 + signal.SIGINT, -signal.SIGPIPE, 128 + signal.SIGPIPE})


@dataclass(frozen=True)
class RunOptions:
    words: tuple[str, ...] = argument("-- COMMAND [ARGUMENT]...", required=True)
    consent: ConsentOptions = ConsentOptions()
    dry_run: bool = own("--dry-run", default=False, help="Run the command once; print the plan and change nothing.")
    python: str | None = own("--python", metavar="PATH", help="The interpreter or environment to build for.")
    place: PlaceOptions = PlaceOptions()
    verbose: int = option("-v", "--verbose", default=0, count=True, help="Say more; can be repeated.")
    quiet: int = option("-q", "--quiet", default=0, count=True, help="Say less; can be repeated.")


@as_command("run", RunOptions, cls=ConfiguredCommand, allow_interspersed_args=False)
def command(options: RunOptions) -> int:
    """Run a command that builds something; install the system packages it lacks, and run it again.

    Any command: uv sync, poetry install, tox, make, cmake, cargo build, npm install. It looks and behaves as it does
    without accel-doctor, whose exit code is the command's.
    """
    session = Session(started(), options.place, options.verbose - options.quiet, options.python, beside_a_command=True)
    session = replace(session, chosen=session.likely_interpreter())
    policy = options.consent.policy(dry_run=options.dry_run)
    treatment = assembled_treatment(session, policy, any_python=options.python is None)
    code, ended = _until_well(options.words, session, treatment)
    keep(document_of(_result(code, ended, treatment), session, _NO_SANDBOX), session)
    session.logs.forget_old()
    return code if code >= 0 else 128 - code  # as a shell reports a command that a signal ended


def _result(code: int, ended: TreatmentEnded | None, treatment: Treatment) -> Result:
    """Return the run as a result, for its report."""
    outcome = ended.code if ended else ExitCode.DONE if code == 0 else ExitCode.INTERRUPTED
    cases, plan = (ended.cases, ended.plan) if ended else ((), None)
    return Result(outcome, None, (), cases, plan, tuple(treatment.transactions))


def _until_well(words: Sequence[str], session: Session, treatment: Treatment) -> tuple[int, TreatmentEnded | None]:
    """Run the command until it succeeds or cannot be cured; return its last exit code, and why it was not cured."""

    terminal = all(stream.isatty() for stream in (sys.stdin, sys.stdout, sys.stderr))
    codes: list[int] = []

    def attempt() -> int | Failed:
        if codes:
            session.reporter.give_way(f"running again: {shlex.join(words)}")
        log = session.logs.new_log("run", words[0].rpartition("/")[2])
        session.recording.begin(shlex.join(words), log)
        done = session.runner.watch(words, log, terminal=terminal)
        codes.append(done.returncode)
        if done.returncode in (-signal.SIGINT, 128 + signal.SIGINT) and treatment.transactions:
            raise KeyboardInterrupt
        if done.returncode in _NO_FAILURE:
            return done.returncode
        return Failed(None, log, "command", done.returncode, done.seconds)

    try:
        with (
            session.interrupts.watched(),
            closing(session.reporter),
            interruption_told(session.reporter, treatment.transactions, session.logs),
        ):
            while isinstance(outcome := attempt(), Failed):
                treatment.treat([outcome], built=())
            return outcome, None
    except TreatmentEnded as ended:
        _explain(ended, session, treatment)
        return codes[-1], ended


def _explain(ended: TreatmentEnded, session: Session, treatment: Treatment) -> None:
    """Print what is left to do. stdout belongs to the command, so everything goes to stderr."""
    note = session.reporter.note
    if ended.code is ExitCode.CONSENT:
        asked = session.terminal.interactive and not treatment.policy.yes
        why, hint = unconfirmed(ended.plan or Plan(), treatment.policy, "the command failed", asked=asked)
        note(why)
        note(f"hint: {hint}")
    elif ended.code is ExitCode.PRIVILEGE:
        note(f"not installed: {session.obstacle or _NO_ROOT}")
    elif ended.plan and ended.code in (ExitCode.UNCURED, ExitCode.NETWORK):
        for line in unmet_lines(ended.plan):
            note(line)
