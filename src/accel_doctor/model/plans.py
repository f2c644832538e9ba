"""Remedies, the plan they make, and what a run came to."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum

from accel_doctor.errors import ExitCode
from accel_doctor.model.builds import Built, Failed, Locked
from accel_doctor.model.confidence import Confidence
from accel_doctor.model.findings import Diagnosis, Finding
from accel_doctor.model.needs import Need


@dataclass(frozen=True)
class Remedy:
    """What satisfies one need here: all of ``packages`` together, or, with none, ``advice`` to follow.

    ``alternatives`` are other sets that would do as well, in order of preference.
    """

    need: Need
    packages: tuple[str, ...] = ()
    confidence: Confidence = Confidence.RULE
    source: str = ""  # "rules/debian.yaml"
    alternatives: tuple[tuple[str, ...], ...] = ()
    advice: str | None = None


@dataclass(frozen=True)
class Reason:
    """Why a need is in a plan: the finding that showed it, or, without one, foresight about ``package``, or ``why``."""

    need: Need
    package: str | None
    finding: Finding | None = None
    why: str = "known need, not met here"

    @property
    def evidence(self) -> str:
        """The quoted line, or the words that say where it is known from without one."""
        return self.finding.evidence if self.finding else self.why


@dataclass(frozen=True)
class SystemPackage:
    """One package of the plan, with the needs it meets and why each is there; ``advice`` is what is left to do then."""

    name: str
    reasons: tuple[Reason, ...]
    confidence: Confidence
    source: str
    alternatives: tuple[tuple[str, ...], ...] = ()
    advice: str | None = None


@dataclass(frozen=True)
class Unmet:
    """A need the plan cannot meet with packages: what to do instead, where anything is known."""

    reason: Reason
    advice: str | None = None
    installed: bool = False  # what should meet it is there already


@dataclass(frozen=True)
class Plan:
    """Remedies chosen, with evidence and the exact commands, as data, before anything runs."""

    packages: tuple[SystemPackage, ...] = ()
    unmet: tuple[Unmet, ...] = ()
    commands: tuple[tuple[str, ...], ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """The system packages to install, sorted."""
        return tuple(sorted(package.name for package in self.packages))

    def instead(self, name: str, others: tuple[str, ...]) -> Plan:
        """The plan with one of a package's alternatives in its place; its commands are left out, being others now.

        What was to be installed together with the package for the same reasons goes with it.
        """
        given_up = next(package for package in self.packages if package.name == name)
        kept = [
            package
            for package in self.packages
            if package.name not in others
            and not (package.reasons == given_up.reasons and package.alternatives == given_up.alternatives)
        ]
        former = tuple(package.name for package in self.packages if package not in kept)
        options = (former, *(option for option in given_up.alternatives if option != others))
        chosen = [replace(given_up, name=other, alternatives=options) for other in others]
        return Plan(tuple(sorted((*kept, *chosen), key=lambda package: package.name)), self.unmet)


@dataclass(frozen=True)
class Simulation:
    """What a package manager says it would do; sizes in bytes, None where it does not tell."""

    installs: tuple[str, ...] = ()
    removes: tuple[str, ...] = ()
    downgrades: tuple[str, ...] = ()
    download_bytes: int | None = None
    disk_bytes: int | None = None

    @property
    def objection(self) -> str | None:
        """Why this must not be done ("remove a, b"), or None."""
        parts = [
            f"{verb} {', '.join(names)}"
            for verb, names in (("remove", self.removes), ("downgrade", self.downgrades))
            if names
        ]
        return " and ".join(parts) or None


class Consent(str, Enum):
    """The answer to "install these?"."""

    YES = "yes"
    NO = "no"
    NOBODY_TO_ASK = "nobody to ask"


@dataclass(frozen=True)
class Policy:
    """What a run may do: agree by itself to sure cures, touch the system at all, only rehearse, look afterwards."""

    yes: bool = False
    system: bool = True
    dry_run: bool = False
    verify: bool = False  # import what was installed


@dataclass(frozen=True)
class Case:
    """One failure and what its log says; ``python`` is the version that the log shows it was built for, if it does."""

    failure: Failed
    diagnosis: Diagnosis
    python: str | None = None


@dataclass(frozen=True)
class Result:
    """What a run came to. ``plan`` is the one that was not carried out, ``transactions`` those that were."""

    code: ExitCode
    locked: Locked | None
    built: tuple[Built, ...]
    cases: tuple[Case, ...]
    plan: Plan | None
    transactions: tuple[Plan, ...]
