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
        """Return whether ``--yes`` alone covers it."""
        return self is not Confidence.GUESS


class Provider(NamedTuple):
    """A package that provides a need, as its package manager reports, and whether it is safe to install unasked.

    ``place`` is what it provides: a file's path without the first slash, or a capability such as ``pkgconfig(cairo)``.
    ``development``: its name, its section or, where nothing is split, its headers mark it as a development package.
    ``service``: its files start a service or grant access. ``source`` is the command asked: "dnf repoquery".
    """

    name: str
    place: str
    source: str
    development: bool = False
    service: bool = False


@dataclass(frozen=True)
class Reason:
    """Why a need is in a plan: ``finding`` showed it in a log, or ``why`` says how it is known without a log."""

    need: Need
    package: str | None
    finding: Finding | None = None
    why: str | None = None

    @property
    def evidence(self) -> str:
        """Return the quoted log line, or, without a log, how the need is known."""
        if self.finding:
            return self.finding.evidence
        return self.why or f"{self.package or 'the build'} needs it to build"


@dataclass(frozen=True)
class PackageChoice:
    """The system packages that satisfy one need here: all of ``packages`` together, or one of ``alternatives``.

    Alternatives are in order of preference. Without packages, only ``advice`` is known.
    """

    need: Need
    packages: tuple[str, ...] = ()
    confidence: Confidence = Confidence.RULE
    source: str = ""  # "rules/debian.yaml"
    alternatives: tuple[tuple[str, ...], ...] = ()
    advice: str | None = None

    @property
    def options(self) -> tuple[tuple[str, ...], ...]:
        """Return the alternative sets of packages that meet the need, the preferred one first."""
        return (self.packages, *self.alternatives) if self.packages else ()


@dataclass(frozen=True)
class SystemPackage:
    """A system package to install, and why it is needed; ``advice`` is what to do after installing it."""

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
