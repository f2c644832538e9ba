"""Symptoms tried on their own samples."""

from __future__ import annotations

from collections.abc import Sequence

from accel_doctor.diagnosis.diagnosing import diagnose
from accel_doctor.diagnosis.scanning import all_lines, line_blocks
from accel_doctor.rulebook import Symptom


def sample_problems(symptom: Symptom, symptoms: Sequence[Symptom]) -> tuple[str, ...]:
    """What is wrong with a symptom by its own samples, read as logs with all ``symptoms``; one sentence each.

    The first line of a ``match`` must be this symptom's and show exactly the needs given with it; a ``miss``
    must not be this symptom's.
    """
    problems = []
    for sample in symptom.match:
        # as the log of a build: prose says nothing elsewhere
        findings = [
            f for f in diagnose(sample.log.splitlines(), symptoms, "sample").findings if f.symptom == symptom.id
        ]
        needs = tuple(finding.need for finding in findings)
        if set(needs) != set(sample.needs):
            shown = ", ".join(map(str, needs)) or "nothing"
            problems.append(
                f"{symptom.source}: symptoms.{symptom.id}: expected {', '.join(map(str, sample.needs)) or 'nothing'}, "
                f"found {shown} in {sample.log.strip()!r}"
            )
        if not any(symptom.read(text) is not None for _, text in all_lines(line_blocks(sample.log.splitlines()))):
            problems.append(f"{symptom.source}: symptoms.{symptom.id}: does not match {sample.log.strip()!r}")
    for log in symptom.miss:
        if any(symptom.read(text) is not None for _, text in all_lines(line_blocks(log.splitlines()))):
            problems.append(f"{symptom.source}: symptoms.{symptom.id}: should not match {log.strip()!r}")
    return tuple(problems)
