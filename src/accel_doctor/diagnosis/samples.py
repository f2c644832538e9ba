"""Hold symptoms to their own samples."""

from __future__ import annotations

from collections.abc import Sequence

from accel_doctor.diagnosis.diagnosing import diagnose
from accel_doctor.diagnosis.scanning import all_lines, line_blocks
from accel_doctor.rulebook import Symptom


def sample_problems(symptom: Symptom, symptoms: Sequence[Symptom]) -> tuple[str, ...]:
    """Return the failures of a symptom's own samples, read as logs with all ``symptoms``; one sentence each.

    The first line of a ``match`` must match this symptom and show exactly the needs given with it; a ``miss`` must not
    match this symptom.
    """
    problems = []
    for sample in symptom.match:
        # as a build log: prose is ignored elsewhere
        findings = diagnose(sample.log.splitlines(), symptoms, "sample").findings
        needs = [finding.need for finding in findings if finding.symptom == symptom.id]
        if set(needs) != set(sample.needs):
            expected, shown = (", ".join(map(str, some)) or "nothing" for some in (sample.needs, needs))
            problems.append(f"expected {expected}, found {shown} in {sample.log.strip()!r}")
        if not _is_in(symptom, sample.log):
            problems.append(f"does not match {sample.log.strip()!r}")
    problems += [f"should not match {log.strip()!r}" for log in symptom.miss if _is_in(symptom, log)]
    return tuple(f"{symptom.source}: symptoms.{symptom.id}: {problem}" for problem in problems)


def _is_in(symptom: Symptom, log: str) -> bool:
    return any(symptom.read(text) is not None for _, text in all_lines(line_blocks(log.splitlines())))
