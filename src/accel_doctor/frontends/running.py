"""Runs a frontend's command with all its output kept in a log."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path

from accel_doctor.interfaces import Completed, Runner
from accel_doctor.redaction import redacted

# Compiler messages and linker messages are matched in English; LANGUAGE would win over LC_ALL for gettext.
PLAIN_LANGUAGE = {"LC_ALL": "C", "LANGUAGE": ""}

# A log may be as long as a build likes. What a frontend itself says stands at its beginning (uv's chain of causes)
# or at its end (pip's), the build's own output between them.
_READ_HEAD = 256 << 10  # bytes
_READ_TAIL = 2 << 20


def logged(runner: Runner, argv: Sequence[str], log: Path, variables: Mapping[str, str]) -> tuple[Completed, str]:
    """Run a command, append it and all its output to ``log``, and return the output.

    Of a long output the middle is left out.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as file:
        file.write(f"$ {redacted(shlex.join(argv))}\n".encode())
        start = file.tell()
    completed = runner.record(argv, log, environment=variables)
    return completed, _read_ends(log, start)


def scratch_beside(log: Path) -> Path:
    """Create a directory for the files a command reads and writes; it stays, so that the command can be run again."""
    directory = log.with_name(f"{log.name}.files")
    directory.mkdir(parents=True, exist_ok=True)
    return directory


def _read_ends(log: Path, start: int) -> str:
    with log.open("rb") as file:
        size = file.seek(0, 2) - start
        file.seek(start)
        if size <= _READ_HEAD + _READ_TAIL:
            return file.read(_READ_HEAD + _READ_TAIL).decode("utf-8", "replace")
        head = file.read(_READ_HEAD)
        file.seek(-_READ_TAIL, 2)
        return (head + b"\n" + file.read(_READ_TAIL)).decode("utf-8", "replace")
