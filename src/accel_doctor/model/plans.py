"""The plan of a treatment, the result of a run, and its journal entry."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from enum import Enum

from accel_doctor.errors import ExitCode
from accel_doctor.model.builds import Built, Change, Failed, Locked
from accel_doctor.model.cures import BuildChanges, BuildCure, Cure, Reason, SystemPackage, changes_of
from accel_doctor.model.machine import Distribution
from accel_doctor.model.needs import Diagnosis
from accel_doctor.model.releases import Alternative


@dataclass(frozen=True)
class Unmet:
    """A need that the plan cannot meet with packages, and what to do instead, if known."""

    reason: Reason
    advice: str | None = None
    installed: bool = False  # the packages that should meet it are already installed
    final: bool = False  # the rules say that nothing meets it here
    of_libraries: bool = False  # another release may fit what is here: libraries, and newer dependencies


@dataclass(frozen=True)
class Plan:
    """The cures chosen, with evidence and the exact commands, as data, before anything runs.

    ``unmet`` are the needs that no package of the plan satisfies, including those that another of its cures satisfies.
    ``needs_root`` tells whether the commands must run as root.
    """

    cures: tuple[Cure, ...] = ()
    unmet: tuple[Unmet, ...] = ()
    commands: tuple[tuple[str, ...], ...] = ()
    needs_root: bool = True
    new: tuple[str, ...] | None = None  # once carried out: what it installed, with what came along; None if unknown

    @property
    def packages(self) -> tuple[SystemPackage, ...]:
        """Return the system packages among the cures."""
        return tuple(cure for cure in self.cures if isinstance(cure, SystemPackage))

    @property
    def build_cures(self) -> tuple[BuildCure, ...]:
        """Return the cures that are no system packages."""
        return tuple(cure for cure in self.cures if isinstance(cure, BuildCure))

    @property
    def changes(self) -> BuildChanges:
        """Return what the cures change in builds, of all sources together."""
        return changes_of(self.build_cures)

    @property
    def uncured(self) -> tuple[Unmet, ...]:
        """Return the unmet needs that no other cure satisfies either."""
        cured = {cure.reason for cure in self.build_cures}
        return tuple(unmet for unmet in self.unmet if unmet.reason not in cured)

    @property
    def final(self) -> tuple[Unmet, ...]:
        """Return the unmet needs of which the rules say that nothing cures them here."""
        return tuple(unmet for unmet in self.uncured if unmet.final)

    @property
    def guesses(self) -> tuple[SystemPackage, ...]:
        """Return the system packages that ``--yes`` does not cover."""
        return tuple(package for package in self.packages if not package.confidence.covered_by_yes)

    @property
    def covered_by_yes(self) -> bool:
        """Return whether ``--yes`` alone covers all of it."""
        return not self.guesses and all(cure.affects is None for cure in self.build_cures)

    @property
    def hopeless(self) -> Plan:
        """Return what is left of a plan whose build nothing cures: the reasons, and no cure."""
        return Plan(unmet=self.final, needs_root=self.needs_root)

    @property
    def advice(self) -> tuple[str, ...]:
        """Return the advice on what the user must still do, without duplicates."""
        given = (*(unmet.advice for unmet in self.unmet), *(package.advice for package in self.packages))
        return tuple(dict.fromkeys(text for text in given if text))

    @property
    def names(self) -> tuple[str, ...]:
        """Return the names of the system packages to install, sorted."""
        return tuple(sorted(package.name for package in self.packages))

    def with_packages(self, packages: Iterable[SystemPackage], commands: tuple[tuple[str, ...], ...] = ()) -> Plan:
        """Return a copy of the plan with other system packages and the commands to install them."""
        return replace(self, cures=(*packages, *self.build_cures), commands=commands)

    def with_build_cures(self, cures: Iterable[BuildCure]) -> Plan:
        """Return a copy of the plan with other cures beside its system packages."""
        return replace(self, cures=(*self.packages, *cures))

    def sure(self, tried: Collection[str]) -> Plan:
        """Return the part of the plan that ``--yes`` covers, without packages that were ``tried`` and without
        commands."""
        packages = [one for one in self.packages if one.confidence.covered_by_yes and one.name not in tried]
        return self.with_packages(packages).with_build_cures(one for one in self.build_cures if one.affects is None)

    def giving_up(self, names: Collection[str | None]) -> Plan:
        """Return a copy of the plan without anything for the builds of these packages, and without commands."""
        packages = [one for one in self.packages if any(reason.package not in names for reason in one.reasons)]
        cures = (cure for cure in self.build_cures if cure.reason.package not in names)
        unmet = tuple(unmet for unmet in self.unmet if unmet.reason.package not in names)
        return replace(self, unmet=unmet).with_packages(packages).with_build_cures(cures)

    def instead(self, name: str, others: tuple[str, ...]) -> Plan:
        """Return a copy of the plan with a package replaced by one of its alternatives, without the old commands.

        Packages that were to be installed with it for the same reasons are dropped too.
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
    """A package manager's preview of a transaction; sizes in bytes, None if unknown."""

    installs: tuple[str, ...] = ()
    removes: tuple[str, ...] = ()
    downgrades: tuple[str, ...] = ()
    download_bytes: int | None = None
    disk_bytes: int | None = None

    @property
    def objection(self) -> str | None:
        """Return why the transaction must not run ("remove a, b"), or None."""
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


class Verification(Enum):
    """What is imported before a run counts as done: nothing; what was built, or asked for and is new; everything."""

    NOTHING = 0
    NEW = 1
    EVERYTHING = 2


@dataclass(frozen=True)
class Policy:
    """Permissions of a run: apply sure cures without asking, or all; change the system at all; dry run; check
    afterwards."""

    yes: bool = False
    yes_to_all: bool = False  # guesses too, and cures that may change what is installed
    system: bool = True
    dry_run: bool = False
    verification: Verification = Verification.NEW
    upgrade_unbuildable: bool = False  # install other releases of what cannot be built


@dataclass(frozen=True)
class Case:
    """One failure and the diagnosis of its log; ``python`` is the target version that the log shows, if any, and
    ``building`` names the packages whose builds it shows beginning."""

    failure: Failed
    diagnosis: Diagnosis
    python: str | None = None
    building: tuple[str, ...] = ()

    @property
    def reasons(self) -> tuple[Reason, ...]:
        """Return each cause as the reason for a cure."""
        package, version = self.failure.package, self.failure.version
        return tuple(
            Reason(one.need, one.package or package, one, version=version if one.package in (None, package) else None)
            for one in self.diagnosis.causes
        )


@dataclass(frozen=True)
class Result:
    """The result of a run. ``plan`` was not carried out, ``transactions`` were."""

    code: ExitCode
    locked: Locked | None
    built: tuple[Built, ...]
    cases: tuple[Case, ...]
    plan: Plan | None
    transactions: tuple[Plan, ...]
    alternatives: tuple[Alternative, ...] = ()  # to what could not be built
    changes: tuple[Change, ...] = ()  # of the environment; in a dry run, those that installing would make


@dataclass(frozen=True)
class JournalEntry:
    """One transaction: time (ISO 8601, UTC), distribution, occasion, commands, packages, other cures, and reasons."""

    time: str
    distribution: Distribution
    manager: str
    during: tuple[str, ...]  # the accel-doctor command line that led to it
    commands: tuple[tuple[str, ...], ...]
    packages: tuple[SystemPackage, ...]
    cures: tuple[BuildCure, ...] = ()  # of builds, that are no system packages
    run: str = ""  # the name of the run that it was part of, as report knows it
    machine: str = ""  # tells machines apart; "" if this one has no name of its own
    new: tuple[str, ...] | None = None  # all packages that it installed, with what came along; None if unknown
    removed: tuple[str, ...] = ()
    undoes: tuple[int, ...] = ()  # the numbers of the entries whose packages were removed
    number: int = 0  # the line that it stands on
