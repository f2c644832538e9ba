"""Import what a run must be sure of before it counts as done, and treat what fails."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from accel_doctor.errors import ExitCode
from accel_doctor.interfaces import Builder, TargetEnvironment
from accel_doctor.model.builds import Built, Failed, Locked, Source
from accel_doctor.model.needs import NeedKind
from accel_doctor.model.plans import Case, Plan, Unmet, Verification
from accel_doctor.model.requests import InstallRequest
from accel_doctor.model.wheels import Link
from accel_doctor.treatment import Treatment, TreatmentEnded
from accel_doctor.wording import count, listed


class Remaking(Protocol):
    """Make the wheels of some distributions anew, and install them."""

    def build_again(self, names: Sequence[str], locked: Locked, request: InstallRequest) -> None:
        """Build these once more with the cures in effect, and install them."""
        ...

    def fall_back(self, names: Sequence[str], locked: Locked, request: InstallRequest) -> list[str]:
        """Install the poorer wheels of these, where there are some; return the names of those."""
        ...


@dataclass
class Verifier:
    """The imports at the end of a run. ``built`` is what it built or took from the store."""

    environment: TargetEnvironment
    builder: Builder
    treatment: Treatment
    built: Mapping[Source, Built]
    remaking: Remaking
    _opened: dict[str, tuple[Link, ...]] = field(default_factory=dict)  # libraries, by distribution

    def verify(self, locked: Locked, request: InstallRequest, before: frozenset[str] | None) -> None:
        """Import, and treat what fails like any other failure; ``before`` was installed before the run.

        What was built is kept with the libraries that it opens; it is not kept if it cannot be imported and nothing
        helps. Raises TreatmentEnded.
        """
        verification = self.treatment.policy.verification
        after = self.environment.installed(request)
        new = None if before is None or after is None else after - before
        names = to_import(verification, locked, request, self.built.values(), new)
        if verification is Verification.EVERYTHING:
            there = {distribution_of(name) for name in after or () if name.endswith(".dist-info")}
            names = [*names, *sorted(there.difference(names))]
        known = () if any(package.is_direct for package in locked.lock.packages) else after
        if verification is Verification.NEW and names and known and self.environment.was_imported(names, known):
            names = [built.source.name for built in self.built.values() if not built.wheel.imported]
        imported = tuple(names)
        if names:
            self.treatment.reporter.step(f"Importing {count(len(names), 'package')}")
        failures: Sequence[Failed] = ()
        while names and (failures := self.environment.failing_imports(names, request)):
            names = names_of(failures) if self._treat(failures, locked, request) else []
        self._keep(without=())
        if imported and known and not failures:
            self.environment.remember_imports(imported, known)

    def _treat(self, failures: Sequence[Failed], locked: Locked, request: InstallRequest) -> bool:
        """Treat failed imports; return False if nothing helps, but only parts of packages fail."""
        changes = self.treatment.applied_to(request).changes
        cases = [self.treatment.read(failure) for failure in failures]
        for name in names_of(failures):
            if links := libraries_opened(cases, name):
                self._opened[name] = (*self._opened.get(name, ()), *links)
        try:
            self.treatment.treat(failures, built={source.name for source in self.built})
            changed = self.treatment.applied_to(request).changes
            names = [name for name in names_of(failures) if changed.get(name) != changes.get(name)]
            self.remaking.build_again(names, locked, request)
            return True
        except TreatmentEnded as ended:
            if ended.code is ExitCode.UNCURED and not any(failure.returncode for failure in failures):
                self.treatment.reporter.note(f"parts of {listed(names_of(failures))} cannot be imported")
                return False
            if ended.code is ExitCode.UNCURED and self.remaking.fall_back(names_of(failures), locked, request):
                return True
            self._keep(without=[name for name in names_of(failures) if not libraries_opened(cases, name)])
            code = ExitCode.NOT_IMPORTABLE if ended.code is ExitCode.UNCURED else ended.code
            plan = _with_requirements(ended.plan) if ended.plan else None
            raise TreatmentEnded(code, ended.cases, plan) from ended

    def _keep(self, without: Collection[str]) -> None:
        for built in self.built.values():
            name = built.source.name
            if name in without:
                self.builder.discard(built.wheel)
            elif name in self._opened or not built.wheel.imported:
                self.builder.keep(built.wheel, self._opened.get(name, ()))


def _with_requirements(plan: Plan) -> Plan:
    """Return the plan with the advice for modules that an installed distribution imports and does not require."""

    def told(one: Unmet) -> Unmet:
        if one.reason.need.kind is not NeedKind.PYTHON_MODULE:
            return one
        return replace(one, advice=f"{one.reason.package} imports it without requiring it: add it to the requirements")

    return replace(plan, unmet=tuple(map(told, plan.unmet)))


def to_import(
    verification: Verification,
    locked: Locked,
    request: InstallRequest,
    built: Iterable[Built],
    new: Collection[str] | None,
) -> list[str]:
    """Return the names of the distributions to import.

    By default these are the ones with a wheel that was not imported since it was built, and those that were asked for
    and are ``new`` (metadata directories; None if that is unknown) in the environment.
    """
    packages = locked.lock.packages
    names: list[str] = [package.name for package in packages]
    match verification:
        case Verification.NOTHING:
            return []
        case Verification.EVERYTHING:
            return [*names, *locked.present]
        case Verification.NEW:
            unsure = {one.source.name for one in built if not one.wheel.imported}
            asked = {line.name for line in request.requirements} | {one.name for one in packages if one.is_direct}
            installed = None if new is None else {distribution_of(directory) for directory in new}
            wanted = [name for name in names if request.lock is not None or name in asked]
            return [name for name in names if name in unsure or (name in wanted and _is_in(name, installed))]


def _is_in(name: str, installed: Collection[str] | None) -> bool:
    return installed is None or name in installed


def distribution_of(directory: str) -> str:
    """Return the normalized name of a distribution from the name of its metadata directory."""
    return directory.partition("-")[0].removesuffix(".egg").replace("_", "-").replace(".", "-").lower()


def libraries_opened(cases: Sequence[Case], name: str) -> tuple[Link, ...] | None:
    """Return the libraries that a distribution lacked when it was imported; None if it lacked anything else, or
    nothing that is known."""
    needs = [finding.need for case in cases if case.failure.package == name for finding in case.diagnosis.causes]
    if not needs or any(need.kind is not NeedKind.SONAME for need in needs):
        return None
    return tuple(Link(need.name) for need in dict.fromkeys(needs))


def names_of(failures: Iterable[Failed]) -> list[str]:
    """Return the distributions that failed."""
    return [failed.package for failed in failures if failed.package]
