"""Find what a build lacked that went on without an extension module: its log says so, and that it succeeded."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import replace

from accel_doctor.diagnosis.cleaning import clean
from accel_doctor.diagnosis.diagnosing import MAXIMUM_EVIDENCE, diagnose
from accel_doctor.model.needs import Finding
from accel_doctor.rulebook import Symptom, SymptomRole

_BEFORE, _AFTER = 400, 3  # lines around a message that may say why
_MOST = 20  # such messages in one log
_LONGEST = 10_000  # characters of a line
# distutils only warns of a missing compiler then: 'warning: build_ext: building extension "x" failed: [Errno 2] ...',
# and scripts say plainly: 'pkg-config not found.'
_WARNED = re.compile(r"^(?:.*?(?=\[Errno 2\] No such file or directory: ')|(?=[\w+.-]{2,40} not found\b))")


def left_out(lines: Iterable[str], symptoms: Sequence[Symptom], package: str) -> tuple[tuple[Finding, ...], str | None]:
    """Return what the extension modules lacked that a successful build left out, and the first line that says that
    one was left out."""
    messages = [symptom for symptom in symptoms if symptom.role is SymptomRole.OPTIONAL]
    found: dict[str, Finding] = {}
    first: str | None = None
    part: deque[str] = deque(maxlen=_BEFORE + 1)
    number = end = count = 0
    for number, line in enumerate(lines, 1):
        part.append(line[:_LONGEST].rstrip("\r\n"))
        if count < _MOST and any(message.read(part[-1]) is not None for message in messages):
            first = first or clean(part[-1]).strip()[:MAXIMUM_EVIDENCE]
            end, count = number + _AFTER, count + 1
        elif number == end:
            found |= _found(list(part), number, symptoms, package)
            part.clear()
    if end >= number and part:
        found |= _found(list(part), number, symptoms, package)
    return tuple(found.values()), first


def _found(part: Sequence[str], last: int, symptoms: Sequence[Symptom], package: str) -> dict[str, Finding]:
    before = last - len(part)
    causes = diagnose([_WARNED.sub("error: ", line) for line in part], symptoms, package).causes
    evidence = {one.line: clean(part[one.line - 1]).strip()[:MAXIMUM_EVIDENCE] for one in causes}
    return {
        str(one.need): replace(one, line=before + one.line, package=package, evidence=evidence[one.line])
        for one in causes
    }
