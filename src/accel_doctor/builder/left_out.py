"""Tell what a successful build lacked and left out an extension module for."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from accel_doctor.builder.purity import compiled_language
from accel_doctor.diagnosis import diagnose_stream, left_out
from accel_doctor.interfaces import Prober
from accel_doctor.model.cures import Reason
from accel_doctor.model.needs import Need, NeedKind
from accel_doctor.rulebook import Symptom
from accel_doctor.wheelfile import extension_modules, has_binaries
from accel_doctor.wording import listed

EXTENSION_MISSING = Need(NeedKind.BUILD_CONSTRAINT, "extension-missing")
_ATTEMPT = re.compile(rb"building '([A-Za-z0-9_.]{1,200})' extension")
_LONGEST = 10_000  # bytes of a line


def lacked(
    package: str,
    tree: Path,
    wheel: Path,
    log: Path,
    symptoms: Callable[[], Sequence[Symptom]],
    prober: Prober,
    promised: Callable[[], bool],
) -> tuple[Reason, ...]:
    """Return what a successful build of ``tree`` lacked, as its log tells.

    A wheel is poorer if its build says so, if it has no module that its build set out to make, or if it has none at all
    where other wheels of the release have some (``promised``) or its compiler is missing here.
    """
    with log.open("rb") as stream:
        attempted, mentioned = _attempted(stream)
    made = extension_modules(wheel)
    missing = [name for name in attempted if name.rpartition(".")[2] not in made]
    language = None if has_binaries(wheel) else compiled_language(tree)
    if language is None and not mentioned:
        return ()  # most builds: no rules are loaded
    with log.open(encoding="utf-8", errors="replace") as lines:
        found, said = left_out(lines, symptoms(), package)
    lacks = [Reason(finding.need, package, finding) for finding in found]
    compiler = Need(NeedKind.COMPILER, language or "c")
    named = any(finding.need == compiler for finding in found)
    if (language or missing) and not named and prober.present(compiler) is False:
        why = f'"{said}"' if said else f"its source has code in {compiler.name}, and its wheel has no extension module"
        lacks.append(Reason(compiler, package, why=why))
    if lacks:
        return tuple(lacks)
    if not missing and not (language and promised()):
        return ()
    with log.open("rb") as stream:
        causes = diagnose_stream(stream, symptoms(), package).causes
    why = f"its build made no {listed(missing)}" if missing else "wheels of this release have extension modules"
    shown = tuple(Reason(finding.need, package, finding) for finding in causes)
    return shown or (Reason(EXTENSION_MISSING, package, why=why),)


def _attempted(lines: Iterable[bytes]) -> tuple[list[str], bool]:
    """Return the extension modules that a build set out to make, and whether its log speaks of extensions at all."""
    names: dict[str, None] = {}
    mentioned = False
    for line in lines:
        if b"xtension" in line:
            mentioned = True
            if attempt := _ATTEMPT.search(line[:_LONGEST]):
                names[attempt[1].decode()] = None
    return list(names), mentioned
