"""``accel-doctor diagnose``."""

from __future__ import annotations

import shlex
import sys
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import click

from accel_doctor.cli.commands.export import exported_plan
from accel_doctor.cli.machines import chosen_distribution, with_sure_commands
from accel_doctor.cli.options import (
    PlaceOptions,
    RulesOptions,
    argument,
    as_command,
    checked_version,
    distro_option,
    export_option,
    option,
    show,
    text_or_json,
)
from accel_doctor.cli.session import Session, started
from accel_doctor.diagnosis import WatchedStream, diagnose_stream, without_mere_words
from accel_doctor.errors import ExitCode, UsageError
from accel_doctor.interfaces import Notifier
from accel_doctor.model.cures import Reason
from accel_doctor.model.needs import Diagnosis
from accel_doctor.model.plans import Plan
from accel_doctor.report.diagnosis_report import diagnosis_document, diagnosis_lines
from accel_doctor.wording import printable


@dataclass(frozen=True)
class DiagnoseOptions(RulesOptions):
    logs: tuple[str, ...] = argument("[LOG|-]...")
    distro: str | None = distro_option()
    python: str | None = option(
        "--python", metavar="X.Y", help="The Python version of the build, if the log does not show it."
    )
    form: str = text_or_json()
    export: str | None = export_option()


@as_command("diagnose", DiagnoseOptions)
def command(options: DiagnoseOptions) -> int:
    """Read the logs of failed builds: what is missing, and how to install it.

    LOG is a file, or - for standard input. Any build log will do, wherever it comes from.
    """
    python = checked_version(options.python)
    session = Session(started(), PlaceOptions(rules=options.rules), distro=options.distro)
    chosen_distribution(session.distro, session.rulebook)  # refuses a distribution without rules
    diagnoses, shown = _read(options.logs or _standard_input(), session)
    plan = _plan(diagnoses, session, python or shown)
    if options.export:
        click.echo(exported_plan(plan, options.export, session), nl=False)
    else:
        show(
            options.form,
            diagnosis_document(session.distribution, diagnoses, plan),
            diagnosis_lines(session.distribution, diagnoses, plan),
        )
    return ExitCode.DONE


def _standard_input() -> tuple[str, ...]:
    if sys.stdin.isatty():
        raise UsageError("no log given", hint="accel-doctor diagnose LOG, or pip wheel x 2>&1 | accel-doctor diagnose")
    return ("-",)


def _read(logs: tuple[str, ...], session: Session) -> tuple[dict[str, Diagnosis], str | None]:
    """Return the diagnosis of each log, and the Python version from the first log that shows one."""
    diagnoses: dict[str, Diagnosis] = {}
    shown = None
    for log in dict.fromkeys(logs):
        with ExitStack() as stack:
            stream = WatchedStream(LogStream.opened(log, stack, session.reporter))
            diagnoses[log] = diagnose_stream(stream, session.rulebook.symptoms)
        shown = shown or stream.python_of(diagnoses[log])
    knows = session.adviser(session.assumed_interpreter()).knows
    told = {log: without_mere_words(one, session.rulebook.symptoms, knows) for log, one in diagnoses.items()}
    return told, shown


def _plan(diagnoses: dict[str, Diagnosis], session: Session, python: str | None) -> Plan:
    causes = [finding for diagnosis in diagnoses.values() for finding in diagnosis.causes]
    assumed = python or session.distro is not None or not causes
    interpreter = session.assumed_interpreter(python) if assumed else session.likely_interpreter()
    plan = session.adviser(interpreter).plan([Reason(finding.need, finding.package, finding) for finding in causes])
    return with_sure_commands(plan, session.package_manager)


# --- logs named on the command line ---------------------------------------------------------------------

LARGEST = 4 << 30  # bytes to read of one log: a bound for /dev/zero and the output of runaway processes

# How files of each kind begin (gzip: RFC 1952; xz: its file format 1.2.1; Zstandard: RFC 8878; bzip2 has no paper),
# and the command that decompresses it to standard output.
_COMPRESSED = (
    (b"\x1f\x8b\x08", "gzip", "gzip -dc"),
    (b"\xfd7zXZ\0", "xz", "xz -dc"),
    (b"\x28\xb5\x2f\xfd", "zstd", "zstd -dc"),
    (b"BZh", "bzip2", "bzip2 -dc"),
    (b"PK\3\4", "zip", "unzip -p"),
)
_SHORTEST = max(len(beginning) for beginning, *_ in _COMPRESSED)


class LogStream:
    """A log named on the command line, ``-`` for standard input. :meth:`read` raises UsageError."""

    def __init__(self, name: str, stream: BinaryIO, notifier: Notifier) -> None:
        self._name = name
        self._stream = stream
        self._notifier = notifier
        self._left = LARGEST
        self._begun = False

    @classmethod
    def opened(cls, name: str, stack: ExitStack, notifier: Notifier) -> LogStream:
        """Open the log called ``name``; ``stack`` closes it."""
        if name == "-":
            return cls(name, sys.stdin.buffer, notifier)
        try:
            return cls(name, stack.enter_context(Path(name).open("rb")), notifier)
        except OSError as error:
            raise _unreadable(name, error) from error

    def read(self, size: int, /) -> bytes:
        """Read like a file, up to :data:`LARGEST` bytes in total."""
        if self._left <= 0:
            return b""
        try:
            data = self._stream.read(size)
        except OSError as error:
            raise _unreadable(self._name, error) from error
        if not self._begun:
            self._begun = True
            self._refuse_compressed(data[:_SHORTEST])
        self._left -= len(data)
        if self._left <= 0:
            self._notifier.note(f"{printable(self._name)}: read only the first {LARGEST >> 30} GiB")
        return data

    def _refuse_compressed(self, beginning: bytes) -> None:
        for mark, kind, command in _COMPRESSED:
            if beginning.startswith(mark):
                source = shlex.quote(self._name) if self._name != "-" else ""
                raise UsageError(
                    f"{self._name} is {kind}-compressed",
                    hint=f"decompress it: {' '.join(f'{command} {source}'.split())} | accel-doctor diagnose -",
                )


def _unreadable(name: str, error: OSError) -> UsageError:
    return UsageError(f"cannot read {name}: {error.strerror}")
