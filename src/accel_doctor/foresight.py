"""Predict, before building, which requirements will be built and which needs the rules list for them.

Pure, except for the interfaces passed in. ``check`` is built on it; ``doctor.py`` shares :func:`surely_built`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum

from accel_doctor.errors import NetworkError
from accel_doctor.interfaces import Adviser, Frontend, Logs, Prober
from accel_doctor.model.builds import Failed, Locked, Source
from accel_doctor.model.cures import Reason
from accel_doctor.model.needs import Need
from accel_doctor.model.plans import Case, Plan
from accel_doctor.model.requests import InstallRequest, RequirementLine

# Why a library is needed without a build.
LINKED = "its cached wheel links it, and it is not installed"

# Each attempt leaves out one more package; with more sources without readable metadata, give up to save time.
_MOST_ATTEMPTS = 20


class Certainty(str, Enum):
    """A forecast of whether a distribution will be built from source."""

    CERTAIN = "certain"
    POSSIBLE = "possible"  # only if no wheel fits
    NO = "no"


@dataclass(frozen=True)
class ForeseenNeed:
    """A need of a build: whether the machine has it (None: unknown), and what would meet it."""

    need: Need
    present: bool | None
    packages: tuple[str, ...] = ()  # to install; empty if already present, or if no package meets the need
    evidence: str | None = None  # the log line that showed it


@dataclass(frozen=True)
class ForeseenBuild:
    """One distribution to install, whether it will be built, and the needs of its build."""

    name: str  # normalized
    version: str | None
    certainty: Certainty
    why: str
    lacked: tuple[Need, ...] = ()  # missing libraries that its cached wheel links
    needs: tuple[ForeseenNeed, ...] = ()  # as far as known


@dataclass(frozen=True)
class Foresight:
    """Everything a request will need. ``plan`` covers only distributions that are certain to be built."""

    builds: tuple[ForeseenBuild, ...]
    plan: Plan

    def of(self, certainty: Certainty) -> list[ForeseenBuild]:
        """Return the distributions with this certainty, in order."""
        return [build for build in self.builds if build.certainty is certainty]

    @property
    def missing(self) -> bool:
        """Return whether a certain build is known to lack something here."""
        return bool(self.plan.packages) or any(
            need.present is False
            for build in self.builds
            if build.certainty is not Certainty.POSSIBLE
            for need in build.needs
        )


@dataclass(frozen=True)
class Resolution:
    """The result of resolving: a lock, or None and the reason; ``cases`` are sources without readable metadata."""

    locked: Locked | None
    cases: tuple[Case, ...] = ()
    problem: str | None = None


def surely_built(name: str, request: InstallRequest, adviser: Adviser) -> bool:
    """Return whether a package (normalized name) is certain to be built, whichever version is chosen."""
    if name in request.only_binary:
        return False
    return name in request.no_binary or ":all:" in request.no_binary or adviser.is_sdist_only(name)


def resolve(frontend: Frontend, request: InstallRequest, logs: Logs, read: Callable[[Failed], Case]) -> Resolution:
    """Resolve, leaving out and reporting each source whose metadata needs a build that fails here.

    Raises RequirementsError if the requirements cannot be met at all; a missing network is only a ``problem``.
    """
    cases: list[Case] = []
    left_out: list[str] = []
    while len(left_out) < _MOST_ATTEMPTS:
        try:
            outcome = frontend.lock(replace(request, left_out=tuple(left_out)), logs.new_log("resolve", ""))
        except NetworkError as error:
            return Resolution(None, tuple(cases), error.message)
        if not isinstance(outcome, Failed):
            return Resolution(outcome, tuple(cases))
        case = read(outcome)
        cases.append(case)
        name = outcome.package or next((cause.package for cause in case.diagnosis.causes if cause.package), None)
        if name is None or name in left_out:
            break
        left_out.append(name)
    return Resolution(None, tuple(cases), "the metadata of a source distribution could not be built")


def expected_from_lock(
    locked: Locked,
    sources: Sequence[Source],
    lacked_by_kept: Mapping[str, tuple[Need, ...]],
    cases: Sequence[Case],
) -> list[ForeseenBuild]:
    """Return all distributions of a lock, and those left out because their builds failed while resolving.

    ``lacked_by_kept`` maps names to the libraries that their cached wheels lack here.
    """
    by_name = {source.name: source for source in sources}
    result = []
    for package in locked.lock.packages:
        version = str(package.version) if package.version else None
        source = by_name.get(package.name)
        lacked = lacked_by_kept.get(source.name) if source else None
        if lacked is not None:
            result.append(ForeseenBuild(package.name, version, Certainty.NO, "its wheel is cached", lacked))
        elif source or package.directory:
            why = "no compatible wheel" if source else "a project in a directory"
            result.append(ForeseenBuild(package.name, version, Certainty.CERTAIN, why))
        else:
            result.append(ForeseenBuild(package.name, version, Certainty.NO, "has a compatible wheel"))
    return [*result, *_left_out(cases, {expected.name for expected in result})]


def expected_from_names(
    request: InstallRequest, adviser: Adviser, environment: Mapping[str, str], cases: Sequence[Case]
) -> list[ForeseenBuild]:
    """Return the distributions that a request names; their dependencies are unknown without resolving."""
    result: dict[str, ForeseenBuild] = {}
    for line in request.requirements:
        name = line.name or line.text
        if name not in result and line.applies(environment):
            result[name] = _expected(name, line, request, adviser)
    return [*result.values(), *_left_out(cases, result)]


def foresee(
    expected: Sequence[ForeseenBuild], adviser: Adviser, prober: Prober | None, cases: Sequence[Case] = ()
) -> Foresight:
    """Return the needs of the builds among ``expected``, by rules and by the logs of ``cases``, and which are missing.

    Without a prober nothing counts as installed, so the plan covers all needs.
    """
    seen: dict[str, list[Reason]] = {}
    for case in cases:
        for finding in case.diagnosis.causes:
            package = finding.package or case.failure.package or ""
            seen.setdefault(package, []).append(Reason(finding.need, package, finding))
    drafts = [(one, _reasons(one, seen.get(one.name, ()), adviser)) for one in expected]
    reasons_of_all = [reason for _, reasons in drafts for reason in reasons]
    probed = {reason.need: prober.present(reason.need) if prober else None for reason in reasons_of_all}
    probed.update((need, False) for one in expected for need in one.lacked)  # the loader looked
    wanting = {reason for reason in reasons_of_all if reason.finding or probed[reason.need] is not True}

    def planned(certainties: Collection[Certainty]) -> Plan:
        chosen = (r for one, reasons in drafts if one.certainty in certainties or one.lacked for r in reasons)
        return adviser.plan([reason for reason in dict.fromkeys(chosen) if reason in wanting])

    plan = planned({Certainty.CERTAIN})
    plans = dict.fromkeys(Certainty, plan)
    plans[Certainty.POSSIBLE] = planned({Certainty.CERTAIN, Certainty.POSSIBLE})
    builds = tuple(
        replace(one, needs=tuple(_foreseen(reason, probed[reason.need], plans[one.certainty]) for reason in reasons))
        for one, reasons in drafts
    )
    return Foresight(builds, plan)


def not_shown(foreseen: Iterable[Reason], found: Iterable[Reason]) -> list[Reason]:
    """Return the foreseen reasons without the needs that logs show."""
    shown = {(reason.need, reason.package) for reason in found}
    return [reason for reason in foreseen if (reason.need, reason.package) not in shown]


def lack_packages(found: Iterable[Reason], cases: Sequence[Case]) -> list[str]:
    """Return the names of those whose builds failed because packages are missing, and of what is built beside them."""
    imported = {case.failure.package for case in cases if case.failure.step == "import"}
    lacking = [one.package for one in found if one.need.kind.curable_by_packages and one.package not in imported]
    beside = [name for case in cases for name in case.building] if lacking else []
    return list(dict.fromkeys(filter(None, [*lacking, *beside])))


def without_other_failures(foreseen: Iterable[Reason], lacking: Collection[str], cases: Iterable[Case]) -> list[Reason]:
    """Return the foreseen reasons without the packages for builds that failed for another reason: where no packages are
    to be installed, cures of that reason can still be tried."""
    failing = {case.failure.package for case in cases}
    return [
        one
        for one in foreseen
        if one.package in lacking or one.package not in failing or not one.need.kind.curable_by_packages
    ]


def _expected(name: str, line: RequirementLine, request: InstallRequest, adviser: Adviser) -> ForeseenBuild:
    location = line.text.partition("; ")[0].partition("#")[0]
    if location.endswith(".whl"):
        return ForeseenBuild(name, None, Certainty.NO, "a wheel is named")
    if line.editable or line.name is None or "@ " in line.text or "://" in line.text:
        return ForeseenBuild(name, None, Certainty.CERTAIN, "its source is named")
    if surely_built(name, request, adviser):
        why = "PyPI has no wheel for it" if adviser.is_sdist_only(name) else "--no-binary"
        return ForeseenBuild(name, None, Certainty.CERTAIN, why)
    if name in request.only_binary or ":all:" in request.only_binary:
        return ForeseenBuild(name, None, Certainty.NO, "--only-binary")
    return ForeseenBuild(name, None, Certainty.POSSIBLE, "only without a compatible wheel")


def _left_out(cases: Iterable[Case], known: Collection[str]) -> list[ForeseenBuild]:
    names = [
        name
        for case in cases
        for name in (*(cause.package for cause in case.diagnosis.causes), case.failure.package)
        if name and name not in known
    ]
    return [
        ForeseenBuild(name, None, Certainty.CERTAIN, "its metadata could not be built") for name in dict.fromkeys(names)
    ]


def _reasons(expected: ForeseenBuild, found: Sequence[Reason], adviser: Adviser) -> list[Reason]:
    if expected.certainty is Certainty.NO:
        return [Reason(need, expected.name, why=LINKED) for need in expected.lacked]
    shown = {reason.need for reason in found}
    known = [Reason(need, expected.name) for need in adviser.known_needs(expected.name) if need not in shown]
    return [*found, *known]


def _foreseen(reason: Reason, present: bool | None, plan: Plan) -> ForeseenNeed:
    packages = tuple(package.name for package in plan.packages if reason in package.reasons)
    if reason.finding:
        return ForeseenNeed(reason.need, False, packages, reason.finding.evidence)
    unmet = any(unmet.reason == reason for unmet in plan.unmet)
    if present is None and not packages and not unmet:
        present = True  # the package that meets it is installed
    return ForeseenNeed(reason.need, present, packages)
