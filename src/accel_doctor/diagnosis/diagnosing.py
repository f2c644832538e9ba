"""Diagnose a log in one pass: match symptoms, attribute findings to packages, turn confirmed probes into causes."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from packaging.utils import canonicalize_name

from accel_doctor.diagnosis.attribution import SECOND_STREAM, Told, told_by
from accel_doctor.diagnosis.prefilter import SymptomIndex
from accel_doctor.diagnosis.scanning import LogLines, Readable, line_blocks, stream_blocks
from accel_doctor.model.needs import Diagnosis, Finding, Need, NeedKind, Role
from accel_doctor.rulebook import Symptom, SymptomRole

MAXIMUM_FINDINGS = 200  # causes; and as many echoes, so that a long configure run cannot crowd out causes
MAXIMUM_EVIDENCE = 300  # characters
_PROBES_KEPT = 100
_REMEMBERED = 4096  # lines: configure scripts repeat themselves
_REMEMBERED_LENGTH = 512  # characters of one
_LAST_WORDS = 40  # lines
_NEAR = 12  # lines between a probe and the failure it explains, if the failure does not name it

_NOT_TELLING = (SymptomRole.NOISE, SymptomRole.ECHO)
_Match = tuple[Symptom, tuple[Need, ...]]

_ERROR_LIKE = re.compile(
    r"(?:^|[\s:])(?:[\w.]*(?:Error|Exception)|error|ERROR|[Ff]atal error|Fatal Error|fatal|FATAL)\b[^:]*:\s*\S"
)


def diagnose(lines: Iterable[str], symptoms: Sequence[Symptom], package: str | None = None) -> Diagnosis:
    """Return the diagnosis of a log, read once, in constant memory.

    ``package`` (normalized) is the package whose build wrote the log, if known; a package that the log itself names
    as failed takes precedence.
    """
    return _diagnose(line_blocks(lines), symptoms, package)


def diagnose_stream(stream: Readable, symptoms: Sequence[Symptom], package: str | None = None) -> Diagnosis:
    """Return the diagnosis of a file or pipe in any encoding; much faster than :func:`diagnose` on large logs."""
    return _diagnose(stream_blocks(stream), symptoms, package)


def _diagnose(blocks: Iterable[bytes], symptoms: Sequence[Symptom], package: str | None) -> Diagnosis:
    symptoms = [symptom for symptom in symptoms if symptom.role is not SymptomRole.OPTIONAL]
    prose = [symptom for symptom in symptoms if symptom.role is SymptomRole.HINT]
    messages = [symptom for symptom in symptoms if symptom.role is not SymptomRole.HINT]
    lines = LogLines(blocks, SymptomIndex(messages).wanted)
    reading = _Reading(SymptomIndex(symptoms), SymptomIndex(prose), lines, package)
    for number, text in lines:
        reading.line(number, text)
    return reading.result()


@dataclass(slots=True)
class _Draft:
    """A provisional finding: a later line may attribute it to a package or turn a probe into a cause."""

    need: Need
    package: str | None
    line: int
    evidence: str
    symptom: Symptom
    cause: bool
    sure: bool  # of the package

    def finding(self) -> Finding:
        role = Role.CAUSE if self.cause else Role.ECHO
        return Finding(self.need, self.package, self.line, self.evidence, self.symptom.id, role)


class _Reading:
    def __init__(self, index: SymptomIndex, prose: SymptomIndex, lines: LogLines, package: str | None) -> None:
        self._index = index
        self._prose = prose  # used only if no message explains a failure
        self._lines = lines
        self._heard = 0  # the line up to which hints were searched for, or did not matter
        self._given = package
        self._current = package
        self._sure = False
        self._unclaimed: dict[tuple[Need, str | None], _Draft] = {}
        self._claimed: dict[tuple[Need, str | None], _Draft] = {}
        self._probes: deque[_Draft] = deque(maxlen=_PROBES_KEPT)
        self._unexplained: list[tuple[Symptom, int, str]] = []  # failures whose probes may arrive later
        self._clues: deque[_Draft] = deque(maxlen=_PROBES_KEPT)
        self._second_stream = 0  # the last line where stdout ends and stderr begins
        self._room = {True: MAXIMUM_FINDINGS, False: MAXIMUM_FINDINGS}  # by whether it is a cause
        self._first_error: str | None = None
        self._failed = False
        self._remembered: dict[str, tuple[Told | None, _Match | None]] = {}

    def line(self, number: int, text: str) -> None:
        if text == SECOND_STREAM:
            self._second_stream = number
        known = self._remembered.get(text)
        if known is None:
            match = next(self._matches(text), None)
            known = (told_by(text), match if match and match[0].role is not SymptomRole.HINT else None)
            if len(text) <= _REMEMBERED_LENGTH:
                if len(self._remembered) >= _REMEMBERED:
                    self._remembered.clear()
                self._remembered[text] = known
        told, match = known
        if told and told.built:
            self._ended_well(told.built)
            self._heard = number
            if self._current in told.built:
                self._current, self._sure = self._given, False
        elif told and told.after:
            self._listen(told.package)
            self._claim(told.package)
            self._heard = number
        elif told and (told.certain or self._given is None):
            self._current, self._sure = told.package, told.certain
        if match:
            self._seen(*match, number, text)
        elif self._first_error is None and not told and _ERROR_LIKE.search(text):
            self._first_error = text

    def _seen(self, symptom: Symptom, needs: tuple[Need, ...], number: int, text: str) -> None:
        if symptom.role is SymptomRole.NOISE:
            return
        fatal = symptom.role is SymptomRole.FATAL
        self._failed = self._failed or symptom.role is not SymptomRole.PROBE
        if symptom.explained_by:
            explanation = self._explanation(symptom, number, text)
            needs = (*needs, *explanation)
            if not explanation and len(self._unexplained) < _PROBES_KEPT:
                self._unexplained.append((symptom, number, text))
        for need in needs:
            if _is_own(need, self._current):
                continue
            draft = _Draft(need, self._current, number, text[:MAXIMUM_EVIDENCE], symptom, fatal, self._sure)
            if symptom.role is SymptomRole.PROBE:
                self._probes.append(draft)
            if symptom.role is SymptomRole.CLUE:
                self._clues.append(draft)
            self._keep(draft)
        if self._first_error is None and fatal and not needs:
            self._first_error = text

    def _keep(self, draft: _Draft) -> None:
        key = (draft.need, draft.package)
        known = self._unclaimed.get(key)
        if known is None:
            if self._room[draft.cause]:
                self._room[draft.cause] -= 1
                self._unclaimed[key] = draft
        elif draft.cause and not known.cause:
            # A probe has stopped the build: the fatal line is the better evidence.
            self._unclaimed[key] = draft

    def _explanation(self, symptom: Symptom, number: int, text: str) -> tuple[Need, ...]:
        """Return the needs of the probes that a fatal line refers to: those it names, else the last one just above."""
        probes = [probe for probe in self._probes if probe.symptom.tool in symptom.explained_by]
        mentioned = [probe.need for probe in probes if _mentions(text, probe.need.name)]
        if mentioned:
            return tuple(dict.fromkeys(mentioned))
        if probes:
            last = probes[-1].line
            end = self._second_stream if last < self._second_stream < number else number
            if end - last <= _NEAR:
                return _last_question(probes)
        return ()

    def _explain_late(self, package: str | None) -> None:
        """Explain failures that nothing above explains by the probes below: a process's two streams may be read in any
        order."""
        if self._has_cause(package):
            return
        for symptom, number, text in self._unexplained:
            probes = [probe for probe in self._probes if probe.symptom.tool in symptom.explained_by]
            later = [probe for probe in probes if probe.line > number]
            mentioned = [probe.need for probe in later if _mentions(text, probe.need.name)]
            for need in dict.fromkeys(mentioned or (_last_question(later) if later else ())):
                self._keep(_Draft(need, self._current, number, text[:MAXIMUM_EVIDENCE], symptom, True, self._sure))

    def _has_cause(self, package: str | None) -> bool:
        return any(draft.cause and (not draft.sure or draft.package == package) for draft in self._unclaimed.values())

    def _ended_well(self, packages: frozenset[str]) -> None:
        """Demote causes in builds that succeeded: their failing parts were optional extensions."""
        for draft in self._unclaimed.values():
            if draft.package is None or draft.package in packages:
                draft.cause = False
        of_others = [clue for clue in self._clues if clue.package and clue.package not in packages]
        self._clues = deque(of_others, maxlen=_PROBES_KEPT)
        if not self._claimed and not any(draft.cause for draft in self._unclaimed.values()):
            self._failed, self._first_error = False, None

    def _listen(self, package: str | None) -> None:
        """Look for prose just before a failure that no message explains, the last line first.

        Outside the build of a Python package any text may occur (a failed test is "not found" too): there, only the
        messages of configure scripts and similar tools are read as prose.
        """
        building = package is not None or self._current is not None
        self._explain_late(package)
        if self._has_cause(package):
            return
        for clue in self._clues:
            if self._clues[-1].line - clue.line <= _NEAR:
                self._keep(replace(clue, cause=True))
        if self._clues:
            return
        heard: list[_Draft] = []
        for number, text in self._lines.recent(self._prose.wanted, self._heard):
            if match := self._hint(text, building):
                symptom, needs = match
                evidence = text[:MAXIMUM_EVIDENCE]
                heard += [_Draft(need, self._current, number, evidence, symptom, True, self._sure) for need in needs]
        for draft in heard:
            if heard[-1].line - draft.line <= _NEAR:  # earlier complaints did not stop the build
                self._keep(draft)

    def _matches(self, text: str) -> Iterator[_Match]:
        for symptom in self._index.candidates(text):
            needs = symptom.read(text)
            if needs is not None:
                yield symptom, needs

    def _hint(self, text: str, building: bool) -> _Match | None:
        """Match a line as prose, unless it is a self-contained message, or a warning about a future
        failure."""
        if "DeprecationWarning: " in text:
            return None
        for symptom, needs in self._matches(text):
            if symptom.role is SymptomRole.HINT:
                return (symptom, needs) if building else None
            if not symptom.explained_by:
                return None
            building = True
        return None

    def _claim(self, package: str) -> None:
        for draft in self._unclaimed.values():
            if package and not draft.sure:
                draft.package = package
            self._settle(draft)
        self._unclaimed.clear()
        self._unexplained.clear()
        self._clues.clear()
        self._probes.clear()
        self._current, self._sure = self._given, False

    def _settle(self, draft: _Draft) -> None:
        known = self._claimed.get((draft.need, draft.package))
        if known is None or (draft.cause and not known.cause):
            self._claimed[draft.need, draft.package] = draft

    def result(self) -> Diagnosis:
        if (self._failed or self._first_error is not None) and not any(d.cause for d in self._claimed.values()):
            self._listen(self._current)
        for draft in self._unclaimed.values():
            self._settle(draft)
        drafts = sorted(self._claimed.values(), key=lambda draft: draft.line)
        findings = tuple(draft.finding() for draft in drafts)
        if any(draft.cause and draft.symptom.role is not SymptomRole.HINT for draft in drafts):
            return Diagnosis(findings)
        summary = self._first_error or self._last_words()
        return Diagnosis(findings, summary[:MAXIMUM_EVIDENCE] or None, self._failed or self._first_error is not None)

    def _last_words(self) -> str:
        """Return the last line that may say why; frontends end with lines that do not."""
        words = self._lines.last(_LAST_WORDS)
        telling = (
            text for text in reversed(words) if not any(match[0].role in _NOT_TELLING for match in self._matches(text))
        )
        return next(telling, words[-1] if words else "")


def _last_question(probes: Sequence[_Draft]) -> tuple[Need, ...]:
    """Return the last probe's need and those probed together with it: pkg_check_modules(a b) reports one per
    line."""
    first = len(probes) - 1
    while first and probes[first].need.kind is NeedKind.PKGCONFIG:
        last, before = probes[first], probes[first - 1]
        if before.symptom is not last.symptom or before.line != last.line - 1:
            break
        first -= 1
    return tuple(probe.need for probe in probes[first:])


def _is_own(need: Need, package: str | None) -> bool:
    """Return whether the need is the module of the package that is being built, which cannot lack itself."""
    module = need.name if need.kind is NeedKind.PYTHON_MODULE else need.older_dependency
    return module is not None and canonicalize_name(module) == package


def _mentions(text: str, name: str) -> bool:
    stem = name.rpartition("/")[2].removesuffix(".h")
    return len(stem) > 1 and re.search(rf"(?<![a-z0-9]){re.escape(stem.lower())}(?![a-z0-9])", text.lower()) is not None
