"""The documents of runs: what ``--report`` writes, kept with each run's logs, and found again."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from accel_doctor.cli.configuration import cache_directory
from accel_doctor.cli.session import Session
from accel_doctor.errors import AccelDoctorError, UsageError
from accel_doctor.model.plans import Result
from accel_doctor.report.run_record import record_document
from accel_doctor.report.run_report import SCHEMA, run_document
from accel_doctor.store.layout import RUN_NAME, directories

NAME = "run.json"  # beside the logs of a run
_LARGEST = 64 << 20  # bytes


def document_of(
    result: Result, session: Session, sandbox: str, error: AccelDoctorError | None = None
) -> dict[str, Any]:
    """Return the whole document of this run; ``sandbox`` says what limited its builds."""
    document = run_document(result, session.distribution, session.interpreter, error)
    document["sandbox"] = sandbox
    for entry, built in zip(document["built"], result.built, strict=True):
        with suppress(OSError):
            entry["bytes"] = built.wheel.path.stat().st_size
    return document | record_document(session.recording.record(session.invocation.command_line))


def keep(document: dict[str, Any], session: Session) -> None:
    """Write a document beside the logs of its run; without logs, only into a cache that stays. A failed write is only a
    warning."""
    place, invocation = session.logs.directory, session.invocation
    stays = session.cache == cache_directory(session.place.cache_dir, invocation.variables, invocation.directory)
    if not stays and not place.is_dir():
        return
    try:
        place.mkdir(mode=0o700, parents=True, exist_ok=True)
        place.joinpath(NAME).write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    except OSError as error:
        session.reporter.note(f"cannot keep the report of this run: {error.strerror}")


def runs(logs: Path) -> list[Path]:
    """Return the directories of the runs that kept a document, the oldest first."""
    return [run for run in directories(logs, RUN_NAME) if (run / NAME).is_file()]


def find_run(logs: Path, name: str | None) -> Path:
    """Return the document of a run by the beginning of its name, or of the last; or the file that a name is.

    Raises UsageError if there is none, or more than one.
    """
    if name and (file := Path(name).expanduser()).is_file():
        return file
    if name and (file / NAME).is_file():
        return file / NAME
    found = [run for run in runs(logs) if run.name.startswith(name or "")]
    if not found:
        raise UsageError(
            f"no run {name} in {logs}" if name else f"no run was recorded yet in {logs}",
            hint="accel-doctor report lists them" if name else "each install and run is recorded there",
        )
    if name and len(found) > 1:
        raise UsageError(f"{len(found)} runs begin with {name}", hint="accel-doctor report lists them")
    return found[-1] / NAME


def read_document(path: Path) -> dict[str, Any]:
    """Return a document that ``--report`` wrote or a run kept. Raises UsageError for anything else."""
    try:
        with path.open("rb") as stream:
            document = json.loads(stream.read(_LARGEST))
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}") from error
    except ValueError as error:
        raise UsageError(f"{path} is not a report: {error}") from error
    if not isinstance(document, dict) or document.get("schema") != SCHEMA or "timeline" not in document:
        raise UsageError(f"{path} is not a report of this version", hint="give what install --report wrote")
    return document


def listed_runs(logs: Path) -> Iterator[dict[str, Any]]:
    """Yield name, time, command, outcome and seconds of each recorded run, the oldest first; skip damaged ones."""
    for run in runs(logs):
        with suppress(UsageError):
            document = read_document(run / NAME)
            told = ("started", "command", "outcome", "exit_code", "seconds")
            yield {"run": run.name, **{key: document.get(key) for key in told}}
