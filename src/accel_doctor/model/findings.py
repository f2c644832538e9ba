"""Where a log says what a build lacks."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from accel_doctor.model.needs import Need


class Role(str, Enum):
    """What part a finding played: it stopped the build, or it only follows from that (or is harmless)."""

    CAUSE = "cause"
    ECHO = "echo"


@dataclass(frozen=True)
class Finding:
    """One symptom seen in one log: the need, the Python package whose build spoke, and the quoted line."""

    need: Need
    package: str | None
    line: int  # 1-based, in the log as it was read
    evidence: str  # the line, cleaned of margins and control characters
    symptom: str  # id in rules/symptoms.yaml
    role: Role


@dataclass(frozen=True)
class Diagnosis:
    """What one log says; ``summary`` is the line to show when no symptom matched.

    ``failed`` says whether any tool complains in it at all.
    """

    findings: tuple[Finding, ...]
    summary: str | None = None
    failed: bool = True

    @property
    def causes(self) -> tuple[Finding, ...]:
        """The findings that stopped the build, in order of the log."""
        return tuple(finding for finding in self.findings if finding.role is Role.CAUSE)
