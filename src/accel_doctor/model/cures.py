"""Things that satisfy a need: system packages, a constraint on build requirements, an environment variable."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple

from accel_doctor.model.needs import Finding, Need


class Confidence(str, Enum):
    """The way a package was found: a curated rule; the distribution's file list; one guess of several."""

    RULE = "rule"
    INDEX = "index"
    GUESS = "guess"

    @property
    def covered_by_yes(self) -> bool:
        """Return whether ``--yes`` alone agrees to it."""
        return self is not Confidence.GUESS


class Provider(NamedTuple):
    """A package that its package manager says provides a need, and what is known about installing it unasked.

    ``place`` is what it provides: a file's path without the first slash, or a capability such as ``pkgconfig(cairo)``.
    ``development``: its name, its section or, where nothing is split, its headers say that it is there to build with.
    ``service``: its files say that it starts something or lets somebody in. ``source`` is who told: "dnf repoquery".
    """

    name: str
    place: str
    source: str
    development: bool = False
    service: bool = False


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
