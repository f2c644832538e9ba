"""Runs a frontend's command with its output kept whole, and finds a scratch directory beside the log."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path

from accel_doctor.interfaces import Completed, Runner
from accel_doctor.redaction import redacted

# Compiler messages and linker messages are matched in English; LANGUAGE would win over LC_ALL for gettext.
PLAIN_LANGUAGE = {"LC_ALL": "C", "LANGUAGE": ""}

# A log may be as long as a build likes; what a frontend itself says stands at its end.
_READ_LIMIT = 2 << 20  # bytes


def logged(runner: Runner, argv: Sequence[str], log: Path, environment: Mapping[str, str]) -> tuple[Completed, str]:
    """Run, appending the command and all its output to ``log``; returns the last two megabytes of output with it."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as file:
        file.write(f"$ {redacted(shlex.join(argv))}\n".encode())
        start = file.tell()
    completed = runner.record(argv, log, environment=environment)
    return completed, _read_end(log, start)


def scratch_beside(log: Path) -> Path:
    """A directory for the files a command reads and writes; it stays, so that the log's command can be run again."""
    directory = log.with_name(f"{log.name}.files")
    directory.mkdir(parents=True, exist_ok=True)
    return directory


def _read_end(log: Path, start: int) -> str:
    with log.open("rb") as file:
        size = file.seek(0, 2)
        file.seek(max(start, size - _READ_LIMIT))
        return file.read(_READ_LIMIT).decode("utf-8", "replace")
