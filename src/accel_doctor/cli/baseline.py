"""Read and write the baseline file of ``check``."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from accel_doctor.errors import UsageError
from accel_doctor.report.check_findings import (
    BASELINE_LIMIT,
    BaselineError,
    Finding,
    Known,
    baseline_findings,
    baseline_text,
)
from accel_doctor.whole_files import replacing


def read_baseline(file: str) -> Known:
    """Return what a baseline file knows. Raises UsageError if it cannot be used."""
    hint = f"write one with accel-doctor check --write-baseline {file}"
    try:
        with Path(file).open("rb") as stream:
            content = stream.read(BASELINE_LIMIT + 1)
        if len(content) > BASELINE_LIMIT:
            raise BaselineError(f"more than {BASELINE_LIMIT} bytes")
        return baseline_findings(content)
    except FileNotFoundError as error:
        raise UsageError(f"baseline file not found: {file}", hint=hint) from error
    except OSError as error:
        raise UsageError(f"cannot read the baseline file {file}: {(error.strerror or str(error)).lower()}") from error
    except BaselineError as error:
        raise UsageError(f"{file} is not a baseline: {error}", hint=hint) from error


def write_baseline(file: str, found: Iterable[Finding]) -> None:
    """Write what was found to a baseline file. Raises UsageError if that fails."""
    try:
        with replacing(Path(file)) as aside:
            aside.write_text(baseline_text(found), encoding="utf-8")
    except OSError as error:
        raise UsageError(f"cannot write the baseline file {file}: {(error.strerror or str(error)).lower()}") from error
