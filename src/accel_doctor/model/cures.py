"""What satisfies a need: system packages, a constraint on what the build uses, an environment variable."""

from __future__ import annotations

from dataclasses import dataclass

from accel_doctor.model.confidence import Confidence
from accel_doctor.model.findings import Finding
from accel_doctor.model.needs import Need


@dataclass(frozen=True)
class Reason:
    """Why a need is in a plan: ``finding`` showed it in a log, or it is known without one, and ``why`` says how."""

    need: Need
    package: str | None
    finding: Finding | None = None
    why: str | None = None

    @property
    def evidence(self) -> str:
        """Return the quoted line, or, where there is no log, how the need is known."""
        if self.finding:
            return self.finding.evidence
        return self.why or f"{self.package or 'the build'} needs it to build"


@dataclass(frozen=True)
class PackageChoice:
    """The system packages that satisfy one need here: all of ``packages`` together, or one of ``alternatives``.

    Alternatives are in order of preference. Without packages, all that is known is ``advice``.
    """

    need: Need
    packages: tuple[str, ...] = ()
    confidence: Confidence = Confidence.RULE
    source: str = ""  # "rules/debian.yaml"
    alternatives: tuple[tuple[str, ...], ...] = ()
    advice: str | None = None

    @property
    def options(self) -> tuple[tuple[str, ...], ...]:
        """Return the sets of packages of which any one satisfies the need, the preferred one first."""
        return (self.packages, *self.alternatives) if self.packages else ()


@dataclass(frozen=True)
class SystemPackage:
    """A system package to install, with why it is needed; ``advice`` is what is left to do after that."""

    name: str
    reasons: tuple[Reason, ...]
    confidence: Confidence
    source: str
    alternatives: tuple[tuple[str, ...], ...] = ()
    advice: str | None = None


@dataclass(frozen=True)
class BuildConstraint:
    """A requirement that constrains what builds use: ``setuptools<81``."""

    requirement: str
    reason: Reason


@dataclass(frozen=True)
class EnvironmentVariable:
    """A variable to set for the build."""

    name: str
    value: str
    reason: Reason


Cure = SystemPackage | BuildConstraint | EnvironmentVariable
