"""The treatment loop: try, read what failed, plan, ask, install, try again, until it works or nothing new is known.

Knows the outside world only through :mod:`accel_doctor.interfaces`; with fakes it runs whole, in memory.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NoReturn, TypeVar

from accel_doctor.errors import ExitCode, PackageManagerError
from accel_doctor.foresight import surely_built
from accel_doctor.interfaces import Adviser, Builder, Frontend, PackageManager, Prober, Reporter
from accel_doctor.lockfile import direct_urls, with_wheels
from accel_doctor.model import (
    BuildFailed,
    Built,
    Case,
    Consent,
    Failed,
    InstallRequest,
    Locked,
    NeedKind,
    Plan,
    Policy,
    Reason,
    Result,
    Simulation,
    Source,
    Wheel,
)

T = TypeVar("T")

# A cure per round and no need treated twice already ends every run; this bounds what that reasoning missed.
_MOST_ROUNDS = 25


class _Ended(Exception):  # noqa: N818  not an error: the treatment is over, and why
    def __init__(self, code: ExitCode, cases: Sequence[Case] = (), plan: Plan | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.cases = tuple(cases)
        self.plan = plan


@dataclass
class Doctor:
    """One run of ``install``: everything it learns on the way ends up in the :class:`Result`."""

    frontend: Frontend
    builder: Builder
    adviser: Adviser
    package_manager: PackageManager
    prober: Prober
    reporter: Reporter
    read_failure: Callable[[Failed], Case]
    sources_of: Callable[[Locked], Sequence[Source]]
    record_origins: Callable[[Mapping[str, str], InstallRequest], None]
    new_log: Callable[[str, str], Path]
    policy: Policy
    _transactions: list[Plan] = field(default_factory=list)
    _tried: set[str] = field(default_factory=set)
    _built: list[Built] = field(default_factory=list)
    _locked: Locked | None = None

    def install(self, request: InstallRequest) -> Result:
        """Lock, fulfil, install, treating whatever fails. Raises AccelDoctorError for what cannot be treated."""
        try:
            self.reporter.step("Resolving")
            self._locked = self._until_well(lambda: self.frontend.lock(request, self.new_log("resolve", "")), request)
            wheels = self._fulfil(self._locked, request)
            origins = direct_urls(self._locked.lock, wheels)
            self._locked = Locked(with_wheels(self._locked.lock, wheels))
            self.reporter.step("Installing")
            self._until_well(lambda: self._finish(request), request)
            self.record_origins(origins, request)
        except _Ended as ended:
            return self.result(ended.code, ended.cases, ended.plan)
        return self.result(ExitCode.DONE)

    def result(self, code: ExitCode, cases: Sequence[Case] = (), plan: Plan | None = None) -> Result:
        """What the run came to, or, after an exception, how far it came."""
        return Result(code, self._locked, tuple(self._built), tuple(cases), plan, tuple(self._transactions))

    def _finish(self, request: InstallRequest) -> Failed | bool:
        assert self._locked is not None  # noqa: S101  set by install() before
        return self.frontend.install(self._locked, request, self.new_log("install", "")) or True

    # --- the steps ---------------------------------------------------------------------------------------

    def _until_well(self, attempt: Callable[[], T | Failed], request: InstallRequest) -> T:
        """What ``attempt`` returns once it does not fail; foresight about what was asked for joins its questions."""
        while True:
            outcome = attempt()
            if not isinstance(outcome, Failed):
                return outcome
            named = [
                line.name
                for line in request.requirements
                if line.name and surely_built(line.name, request, self.adviser)
            ]
            self._treat([outcome], self._foresee(named))

    def _fulfil(self, locked: Locked, request: InstallRequest) -> Mapping[str, Wheel]:
        pending: list[Source] = []
        for source in self.sources_of(locked):
            if wheel := self.builder.stored(source, request):
                self._built.append(Built(source, wheel, reused=True))
            else:
                pending.append(source)
        foreseen = {source: self._foresee([source.name]) for source in pending}
        if self.policy.dry_run:
            self._end_rehearsal(pending, [reason for reasons in foreseen.values() for reason in reasons])
        while pending:
            held = [source for source in pending if foreseen.get(source)]
            failed = self._build([source for source in pending if source not in held], request)
            if not failed and not held:
                break
            self._treat([failure.failure for failure in failed], [reason for s in held for reason in foreseen[s]])
            pending, foreseen = [failure.source for failure in failed] + held, {}
        return {built.source.name: built.wheel for built in self._built}

    def _build(self, sources: Sequence[Source], request: InstallRequest) -> list[BuildFailed]:
        if sources:
            self.reporter.step(f"Building {len(sources)} source distribution{'s'[: len(sources) > 1]}")
        failed = []
        for outcome in self.builder.build(sources, request):
            if isinstance(outcome, Built):
                self._built.append(outcome)
            else:
                failed.append(outcome)
        return failed

    def _end_rehearsal(self, pending: Sequence[Source], reasons: Sequence[Reason]) -> NoReturn:
        for source in pending:
            self.reporter.note(f"would build {source}")
        plan = self.adviser.plan(reasons)
        self.reporter.plan(plan, self._simulate(plan))
        raise _Ended(ExitCode.DONE, plan=plan)

    # --- foresight ---------------------------------------------------------------------------------------

    def _foresee(self, names: Sequence[str]) -> list[Reason]:
        """Needs that rules know for these Python packages, that probing shows unmet, and that a package meets."""
        return self._curable(Reason(need, name) for name in names for need in self.adviser.known_needs(name))

    def _foresee_next(self, found: Sequence[Reason]) -> list[Reason]:
        """What the next attempt would surely ask for, once what was found is cured."""
        return self._curable(
            Reason(need, reason.package) for reason in found for need in self.adviser.companions(reason.need)
        )

    def _curable(self, reasons: Iterable[Reason]) -> list[Reason]:
        if not self.policy.system:
            return []  # nothing would be installed, so let the builds themselves say what they lack
        unmet = [reason for reason in dict.fromkeys(reasons) if self.prober.present(reason.need) is False]
        # What no package would meet is no reason to hold a build back: it may well succeed.
        met = {reason for package in self.adviser.plan(unmet).packages for reason in package.reasons}
        return [reason for reason in unmet if reason in met]

    # --- the cure ----------------------------------------------------------------------------------------

    def _treat(self, failures: Sequence[Failed], foreseen: Sequence[Reason]) -> None:
        """Returns when something new was installed, so that another attempt makes sense; otherwise ends the run."""
        cases = [self.read_failure(failure) for failure in failures]
        for case in cases:
            self.reporter.diagnosed(case)
        found = [
            Reason(finding.need, finding.package or case.failure.package, finding)
            for case in cases
            for finding in case.diagnosis.causes
        ]
        plan = self._within_yes(self.adviser.plan([*found, *foreseen, *self._foresee_next(found)]))
        if not set(plan.names) - self._tried or len(self._transactions) >= _MOST_ROUNDS:
            raise _Ended(_hopeless(found), cases, plan)
        simulation = self._simulate(plan)
        self.reporter.plan(plan, simulation)
        if self.policy.dry_run:
            raise _Ended(ExitCode.DONE, cases, plan)
        agreed = self._agreed(plan, cases)
        log = self.new_log("system", self.package_manager.name)
        self.reporter.step(f"Installing {len(agreed)} system package{'s'[: len(agreed) > 1]}, output in {log}")
        self.package_manager.install(agreed, log)
        self.prober.forget()
        self._tried.update(agreed)
        self._transactions.append(Plan(plan.packages, (), plan.commands))

    def _within_yes(self, plan: Plan) -> Plan:
        """With --yes, the part of a plan it covers; where that is nothing new, the whole plan, which ends the run."""
        sure = tuple(
            package
            for package in plan.packages
            if package.confidence.covered_by_yes and package.name not in self._tried
        )
        if not self.policy.yes or not sure or len(sure) == len(plan.packages):
            return plan
        return Plan(sure, plan.unmet, self.package_manager.commands(sorted(package.name for package in sure)))

    def _simulate(self, plan: Plan) -> Simulation | None:
        if not plan.packages:
            return None
        simulation = self.package_manager.simulate(plan.names)
        if simulation and (objection := simulation.objection):
            raise PackageManagerError(
                f"{self.package_manager.name} would {objection}: this is never done on the way to a build",
                hint="resolve the conflict by hand, then run the same command again",
            )
        return simulation

    def _agreed(self, plan: Plan, cases: Sequence[Case]) -> tuple[str, ...]:
        """The packages to install, agreed to; ends the run where nobody agrees or nobody could install them."""
        if not self.policy.system:
            raise _Ended(ExitCode.CONSENT, cases, plan)
        if not self.package_manager.privileged:
            raise _Ended(ExitCode.PRIVILEGE, cases, plan)
        if self.policy.yes:
            agreed = all(package.confidence.covered_by_yes for package in plan.packages)
        else:
            agreed = self.reporter.ask(plan) is Consent.YES
        if not agreed:
            raise _Ended(ExitCode.CONSENT, cases, plan)
        return plan.names


def _hopeless(reasons: Sequence[Reason]) -> ExitCode:
    if any(reason.need.kind is NeedKind.NETWORK for reason in reasons):
        return ExitCode.NETWORK
    return ExitCode.UNCURED
