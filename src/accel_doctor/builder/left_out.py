"""Tell what a successful build lacked and left out an extension module for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from accel_doctor.diagnosis import left_out
from accel_doctor.interfaces import Prober
from accel_doctor.model.cures import Reason
from accel_doctor.model.needs import Need, NeedKind
from accel_doctor.rulebook import Symptom

_BLOCK = 1 << 20  # bytes


def lacked(
    package: str, log: Path, language: str | None, symptoms: Callable[[], Sequence[Symptom]], prober: Prober
) -> tuple[Reason, ...]:
    """Return what the log of a successful build shows as lacking. If it shows nothing, and the wheel has no code in the
    compiled ``language`` of its source, its compiler may be missing here."""
    if language is None and not _mentions(log, b"xtension"):
        return ()  # most builds: no rules are loaded
    with log.open(encoding="utf-8", errors="replace") as lines:
        found, said = left_out(lines, symptoms(), package)
    if found or language is None:
        return tuple(Reason(finding.need, package, finding) for finding in found)
    compiler = Need(NeedKind.COMPILER, language)
    if prober.present(compiler) is not False:
        return ()
    why = f'"{said}"' if said else f"its source has code in {language}, and its wheel has no extension module"
    return (Reason(compiler, package, why=why),)


def _mentions(log: Path, text: bytes) -> bool:
    with log.open("rb") as stream:
        return any(text in block for block in iter(lambda: stream.read(_BLOCK), b""))
