"""The plan of a treatment, what a run came to, and what is remembered of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import Enum

from accel_doctor.errors import ExitCode
from accel_doctor.model.builds import Built, Failed, Locked
from accel_doctor.model.cures import BuildConstraint, Cure, EnvironmentVariable, Reason, SystemPackage
from accel_doctor.model.machine import Distribution
from accel_doctor.model.needs import Diagnosis


@dataclass(frozen=True)
class Unmet:
    """A need the plan cannot meet with packages: what to do instead, where anything is known."""

    reason: Reason
    advice: str | None = None
    installed: bool = False  # what should meet it is there already


@dataclass(frozen=True)
class Plan:
    """The cures chosen, with evidence and the exact commands, as data, before anything runs.

    ``unmet`` are the needs that no package of the plan satisfies, those that another of its cures satisfies included.
    ``needs_root`` tells whether the commands are for root to run.
    """

    cures: tuple[Cure, ...] = ()
    unmet: tuple[Unmet, ...] = ()
    commands: tuple[tuple[str, ...], ...] = ()
    needs_root: bool = True

    @property
    def packages(self) -> tuple[SystemPackage, ...]:
        """Return the system packages among the cures."""
        return tuple(cure for cure in self.cures if isinstance(cure, SystemPackage))

    @property
    def constraints(self) -> tuple[str, ...]:
        """Return the requirements to constrain builds by, each once."""
        return tuple(dict.fromkeys(cure.requirement for cure in self.cures if isinstance(cure, BuildConstraint)))

    @property
    def variables(self) -> dict[str, str]:
        """Return the environment variables to set for builds."""
        return {cure.name: cure.value for cure in self.cures if isinstance(cure, EnvironmentVariable)}

    @property
    def uncured(self) -> tuple[Unmet, ...]:
        """Return the unmet needs that no constraint and no variable satisfies either."""
        cured = {cure.reason for cure in self.cures if not isinstance(cure, SystemPackage)}
        return tuple(unmet for unmet in self.unmet if unmet.reason not in cured)

    @property
    def advice(self) -> tuple[str, ...]:
        """Return what is left for a person to do, each piece of advice once."""
        given = (*(unmet.advice for unmet in self.unmet), *(package.advice for package in self.packages))
        return tuple(dict.fromkeys(text for text in given if text))

    @property
    def names(self) -> tuple[str, ...]:
        """Return the names of the system packages to install, sorted."""
        return tuple(sorted(package.name for package in self.packages))

    def with_packages(self, packages: Iterable[SystemPackage], commands: tuple[tuple[str, ...], ...] = ()) -> Plan:
        """Return the plan with other system packages, and the commands that install these."""
        others = (cure for cure in self.cures if not isinstance(cure, SystemPackage))
        return replace(self, cures=(*packages, *others), commands=commands)

    def instead(self, name: str, others: tuple[str, ...]) -> Plan:
        """Return the plan with one of a package's alternatives in its place, without commands, which are others now.

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
        return self.with_packages(sorted((*kept, *chosen), key=lambda package: package.name))


@dataclass(frozen=True)
class Simulation:
    """A package manager's answer about what it would do; sizes in bytes, None if it does not tell."""

    installs: tuple[str, ...] = ()
    removes: tuple[str, ...] = ()
    downgrades: tuple[str, ...] = ()
    download_bytes: int | None = None
    disk_bytes: int | None = None

    @property
    def objection(self) -> str | None:
        """Return why this must not be done ("remove a, b"), or None."""
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
    """Permissions of a run: accept sure cures unasked, touch the system at all, rehearse only, check afterwards."""

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
    """The result of a run. ``plan`` was not carried out, ``transactions`` were."""

    code: ExitCode
    locked: Locked | None
    built: tuple[Built, ...]
    cases: tuple[Case, ...]
    plan: Plan | None
    transactions: tuple[Plan, ...]


@dataclass(frozen=True)
class JournalEntry:
    """One transaction: when (ISO 8601, UTC), on what, while doing what, by which commands, which packages and why."""

    time: str
    distribution: Distribution
    manager: str
    during: tuple[str, ...]  # the command line of ours that led to it
    commands: tuple[tuple[str, ...], ...]
    packages: tuple[SystemPackage, ...]
