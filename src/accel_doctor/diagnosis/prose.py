"""Tell words from names: in a sentence, only what a distribution has counts as the name of something missing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from accel_doctor.model.needs import Diagnosis, Need
from accel_doctor.rulebook import Symptom, SymptomRole


def without_mere_words(diagnosis: Diagnosis, symptoms: Sequence[Symptom], knows: Callable[[Need], bool]) -> Diagnosis:
    """Return the diagnosis without the names that prose alone suggests and ``knows`` denies.

    "You may need to manually specify" asks for no library called manually. The summary is kept if no cause is left.
    """
    reading = {symptom.id for symptom in symptoms if symptom.role is SymptomRole.HINT and symptom.kind}
    kept = [finding for finding in diagnosis.findings if finding.symptom not in reading or knows(finding.need)]
    told = replace(diagnosis, findings=tuple(kept))
    return replace(told, summary=None) if told.causes else told
