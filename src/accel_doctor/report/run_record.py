"""Write what happened when in a run, and its failures, as JSON: what only watching it tells. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from accel_doctor.model.plans import Case, Plan, Simulation
from accel_doctor.report.run_report import finding_document
from accel_doctor.urls import redacted
from accel_doctor.wording import printable

_LINE = 300  # characters of a log's line


@dataclass(frozen=True)
class Moment:
    """A part of a run: a ``step``, a ``build`` or a ``question``; times in seconds, ``start`` since the run began."""

    what: str
    name: str
    start: float
    seconds: float
    outcome: str | None = None
    log: Path | None = None


@dataclass(frozen=True)
class SeenFailure:
    """A failure, cured later or not, with lines of its log around the causes; a number is None where it is unknown."""

    case: Case
    lines: Sequence[tuple[int | None, str]]


@dataclass(frozen=True)
class RunRecord:
    """A run as it was watched: when it began (ISO 8601, UTC), what took how long, what failed, what plans would do."""

    command: Sequence[str]
    started: str
    seconds: float
    moments: Sequence[Moment]
    failures: Sequence[SeenFailure]
    simulations: Sequence[tuple[Plan, Simulation]]


def record_document(record: RunRecord) -> dict[str, Any]:
    """Return the keys that a report has beside those of its result."""
    return {
        "command": [redacted(word) for word in record.command],
        "started": record.started,
        "seconds": round(record.seconds, 3),
        "timeline": [_moment(one) for one in sorted(record.moments, key=lambda one: (one.start, one.what == "build"))],
        "diagnoses": [_failure(one) for one in record.failures],
        "simulations": [_simulation(*one) for one in record.simulations],
    }


def _moment(moment: Moment) -> dict[str, Any]:
    return {
        "what": moment.what,
        "name": redacted(moment.name),
        "start": round(moment.start, 3),
        "seconds": round(moment.seconds, 3),
        "outcome": moment.outcome,
        "log": str(moment.log) if moment.log else None,
    }


def _failure(failure: SeenFailure) -> dict[str, Any]:
    case, failed = failure.case, failure.case.failure
    return {
        "package": failed.package,
        "version": failed.version,
        "step": failed.step,
        "returncode": failed.returncode,
        "seconds": round(failed.seconds, 3),
        "log": str(failed.log),
        "findings": [finding_document(finding) for finding in case.diagnosis.findings],
        "summary": case.diagnosis.summary,
        "lines": [
            {"number": number, "text": printable(redacted(text).rstrip())[:_LINE]} for number, text in failure.lines
        ],
    }


def _simulation(plan: Plan, simulation: Simulation) -> dict[str, Any]:
    return {
        "packages": list(plan.names),
        "installs": len(simulation.installs),
        "download_bytes": simulation.download_bytes,
        "disk_bytes": simulation.disk_bytes,
    }
