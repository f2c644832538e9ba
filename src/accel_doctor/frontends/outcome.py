"""Run a frontend's command, and classify its failure: a build to treat, or an error that cannot be treated.

The readers (``uv_messages``, ``pip_messages``) are pure functions from output to :class:`Verdict`.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from accel_doctor.errors import NetworkError, RequirementsError, ToolError
from accel_doctor.interfaces import Runner
from accel_doctor.model.builds import Failed
from accel_doctor.model.processes import Completed
from accel_doctor.urls import redacted

# Compiler and linker messages are matched in English; for gettext, LANGUAGE would override LC_ALL.
PLAIN_LANGUAGE = {"LC_ALL": "C", "LANGUAGE": ""}

# A log may be of any length. The frontend's own messages are at its beginning (uv's chain of causes) or at its end
# (pip's), with the build's output in between.
_READ_HEAD = 256 << 10  # bytes
_READ_TAIL = 2 << 20
_QUOTE_LIMIT = 60  # lines


def logged(
    runner: Runner,
    argv: Sequence[str],
    log: Path,
    variables: Mapping[str, str],
    started: Sequence[str] | None = None,
) -> tuple[Completed, str]:
    """Run a command, append it and all its output to ``log``, and return the output. ``started`` is the command in
    its sandbox, if it has one.

    The middle of a long output is left out.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as file:
        file.write(f"$ {redacted(shlex.join(argv))}\n".encode(errors="surrogateescape"))
        start = file.tell()
    completed = runner.record(started or argv, log, environment=variables)
    return completed, _read_ends(log, start)


def scratch_beside(log: Path) -> Path:
    """Create a directory for the files a command reads and writes; it is kept, so that the command can be run again."""
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


class Blame(Enum):
    """The cause of a failure; BUILD, which includes a missing git, can be treated."""

    BUILD = "build"
    NETWORK = "network"
    REQUIREMENTS = "requirements"
    TOOL = "tool"


@dataclass(frozen=True)
class Verdict:
    """The meaning of an output: ``quote`` is the frontend's message, ``package`` the failing package if named."""

    blame: Blame
    quote: str
    hint: str | None = None
    package: str | None = None
    version: str | None = None  # of the failing package


# Patterns in order, each with the blame if it matches.
Forms = Sequence[tuple[re.Pattern[str], Blame]]

_HEADINGS = {
    "resolve": "{frontend} cannot resolve the requirements",
    "install": "{frontend} cannot install the lock",
    "fetch-pip": "{frontend} cannot fetch a recent pip",
}


def blamed(quote: str, forms: Forms) -> Blame:
    """Return the blame of the first pattern that matches; if none does, the tool itself failed."""
    return next((kind for form, kind in forms if form.search(quote)), Blame.TOOL)


def conclude(verdict: Verdict, frontend: str, step: str, log: Path, completed: Completed) -> Failed:
    """Return a failing build as :class:`Failed`; raise the matching error for any other failure."""
    if verdict.blame is Blame.BUILD:
        return Failed(verdict.package, log, step, completed.returncode, completed.seconds, verdict.version)
    heading = _HEADINGS[step].format(frontend=frontend)
    message = f"{heading}:\n{_indented(redacted(verdict.quote))}" if verdict.quote else f"{heading}; it gave no reason"
    if verdict.blame is Blame.NETWORK:
        raise NetworkError(message, hint=verdict.hint or "check the network and the index URL, then run again")
    if verdict.blame is Blame.REQUIREMENTS:
        raise RequirementsError(message, hint=verdict.hint)
    raise ToolError(message, hint=verdict.hint or f"full output of {frontend}: {log}")


def _indented(text: str) -> str:
    lines = text.splitlines()
    shown = lines[:_QUOTE_LIMIT]
    if len(lines) > _QUOTE_LIMIT:
        shown.append(f"... {len(lines) - _QUOTE_LIMIT} more lines in the log")
    return "\n".join(f"  {line}".rstrip() for line in shown)
