"""Treatment: try, diagnose the failure, plan, ask, cure, try again, until it works or there is no new cure.

Anything that can be retried can be treated: resolving, building, installing, or a command of the user's own.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace

from accel_doctor.errors import ExitCode, PackageManagerError
from accel_doctor.explanations import SourceFacts, applied, behind_files, can_help, code_of, is_for, with_other_releases
from accel_doctor.foresight import lack_packages, not_shown, without_other_failures
from accel_doctor.interfaces import Adviser, Advisers, Logs, PackageManager, Prober, Reporter
from accel_doctor.model.builds import Failed
from accel_doctor.model.cures import BuildCure, Reason
from accel_doctor.model.plans import Case, Consent, Plan, Policy, Simulation, Unmet
from accel_doctor.model.requests import InstallRequest
from accel_doctor.wording import count, listed

# One cure per round and no need treated twice already end every run; this bounds anything that reasoning missed.
_MOST_ROUNDS = 25


class TreatmentEnded(Exception):  # noqa: N818  not an error: the treatment is over, and why
    """Raised when there is nothing more to try: ``code`` says why, ``plan`` was not carried out."""

    def __init__(self, code: ExitCode, cases: Sequence[Case] = (), plan: Plan | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.cases = tuple(cases)
        self.plan = plan


@dataclass
class Treatment:
    """The cures of one run. ``transactions`` are the plans that were carried out."""

    advisers: Advisers
    reporter: Reporter
    deferred: Callable[[], AbstractContextManager[None]]  # signals raise KeyboardInterrupt after the block
    read: Callable[[Failed], Case]  # the diagnosis of a failure's log, and the Python version that it was built for
    logs: Logs
    policy: Policy
    record: Callable[[Plan], None]  # records a plan that was carried out
    other_release: Callable[[str, str | None, Reason | None], BuildCure | None] = lambda name, version, reason: None
    release_of_its_time: Callable[[str, str | None, Reason], BuildCure | None] = lambda name, version, reason: None
    transactions: list[Plan] = field(default_factory=list)
    _tried: set[str] = field(default_factory=set)  # system packages
    _cures: dict[str | None, list[BuildCure]] = field(default_factory=dict)  # in effect, by Python package
    _tried_cures: set[object] = field(default_factory=set)
    sources: SourceFacts = field(default_factory=SourceFacts)  # what the files of failed sources say
    _python: str | None = None  # the version that builds target, by the latest log

    @property
    def package_manager(self) -> PackageManager:
        """Return this machine's package manager."""
        return self.advisers.package_manager

    @property
    def adviser(self) -> Adviser:
        """Return the adviser for the Python version that builds target."""
        return self.advisers.adviser(self._python)

    @property
    def prober(self) -> Prober:
        """Return the prober for the Python version that builds target."""
        return self.advisers.prober(self._python)

    def treat(
        self, failures: Sequence[Failed], foreseen: Sequence[Reason] = (), built: Collection[str] | None = None
    ) -> None:
        """Apply cures for failures, and return if a retry makes sense, else raise TreatmentEnded.

        Cures can change the builds of those in ``built`` (None: of all); for others only packages are applied.
        """
        cases = [self.read(failure) for failure in failures]
        for case in cases:
            self._python = case.python or self._python
            self.reporter.diagnosed(case)
        found = behind_files(self.sources.explained(cases), self.prober)
        self.take_back([*found, *foreseen], cases)
        foreseen = self._beside(found, foreseen, cases)

        def helps(cure: BuildCure) -> bool:
            return self._is_fresh(cure) and can_help(cure, built, cases)

        plan = self.adviser.plan([*found, *foreseen], helps)
        plan = self._with_other_releases(plan, cases)
        if plan.final:
            raise TreatmentEnded(ExitCode.UNCURED, cases, plan.hopeless)
        plan = self._within_yes(plan)
        if not self.is_new(plan) or len(self.transactions) >= _MOST_ROUNDS:
            raise TreatmentEnded(code_of(found), cases, plan)
        self._carry_out(self._agreed(plan, cases))

    def offer(self, plan: Plan) -> None:
        """Carry out a plan that no failing build led to, if the user agrees; else raise TreatmentEnded."""
        self._carry_out(self._agreed(plan, ()))

    def _with_other_releases(self, plan: Plan, cases: Sequence[Case]) -> Plan:
        """Return the plan with other releases of the packages whose builds it does not help: those that fit the
        libraries here, and any with a wheel if that is wanted."""

        def choose(name: str, version: str | None, unmet: Unmet | None) -> BuildCure | None:
            cure = self.release_of_its_time(name, version, unmet.reason) if unmet and unmet.of_libraries else None
            if cure is None and self.policy.upgrade_unbuildable:
                cure = self.other_release(name, version, unmet.reason if unmet else None)
            return cure if cure and self._is_fresh(cure) else None

        changed = with_other_releases(plan, cases, self._tried, choose)
        if changed is plan:
            return plan
        return replace(changed, commands=self.package_manager.commands(changed.names) if changed.packages else ())

    def applied_to(self, request: InstallRequest) -> InstallRequest:
        """Return the request with the cures of builds that are in effect."""
        if not self._cures:
            return request
        return applied(self._cures, request, relaxed=self.policy.upgrade_unbuildable)

    def changes_build_of(self, name: str) -> bool:
        """Return whether a cure in effect changes how a Python package is built."""
        return any(cure.changes for cure in self._cures.get(name, ()))

    @property
    def resolution(self) -> tuple[tuple[tuple[str, ...], tuple[str, ...]], ...]:
        """Return what cures have changed so far in what is resolved."""
        every = [cure.resolution for cures in self._cures.values() for cure in cures]
        return tuple(dict.fromkeys(one for one in every if any(one)))

    def take_back(self, found: Sequence[Reason], cases: Sequence[Case] = ()) -> None:
        """Take back each cure whose need has come again where it should have helped."""
        again = {(reason.package, reason.need) for reason in self.sources.behind(found)}
        for name, cures in self._cures.items():
            self._undo(name, [one for one in cures if (name, one.reason.need) in again and is_for(one, cases)])

    def take_back_releases(self) -> bool:
        """Take back the releases that cures name, as they do not fit together; return whether there were any."""
        named = [(name, one) for name, cures in self._cures.items() for one in cures if one.releases]
        for name, cure in named:
            self._undo(name, [cure], "does not fit the other requirements")
        return bool(named)

    def _undo(self, name: str | None, cures: Sequence[BuildCure], why: str = "did not help") -> None:
        for cure in cures:
            self._cures[name].remove(cure)
            self.reporter.note(f"{name or 'the build'}: {listed(cure.texts)} {why}: taken back")

    def is_new(self, plan: Plan) -> bool:
        """Return whether a plan has anything that was not tried yet."""
        return any(map(self._is_fresh, plan.build_cures)) or bool(set(plan.names) - self._tried)

    def _is_fresh(self, cure: BuildCure) -> bool:
        return cure.identity not in self._tried_cures

    def _carry_out(self, plan: Plan) -> None:
        """Install the packages of a plan, and let its other cures take effect."""
        for cure in plan.build_cures:
            self._cures.setdefault(cure.reason.package, []).append(cure)
            self._tried_cures.add(cure.identity)
        if not plan.packages:
            self._record(plan, frozenset())
            return
        agreed, before = plan.names, self.package_manager.inventory()
        log = self.logs.new_log("system", self.package_manager.name)
        self.reporter.step(f"Installing {count(len(agreed), 'system package')}, output in {log}")
        lacking = frozenset(agreed) - self.package_manager.installed(agreed)
        try:
            with self.deferred():
                self.package_manager.install(agreed, log)
        except BaseException:  # on an interrupt too: installed packages stay
            self._record(plan, lacking & self.package_manager.installed(agreed), before)
            raise
        self.advisers.forget()
        self._tried.update(agreed)
        self._record(plan, frozenset(agreed), before)

    def _record(self, plan: Plan, names: frozenset[str], before: frozenset[str] = frozenset()) -> None:
        if not (installed := tuple(one for one in plan.packages if one.name in names)) and not plan.build_cures:
            return
        new = tuple(sorted(self.package_manager.inventory() - before)) if before else None
        done = replace(plan, unmet=(), new=new).with_packages(installed, plan.commands if names else ())
        self.transactions.append(done)
        if installed:  # other cures are recorded once they have helped
            self.record(replace(done, cures=installed))

    def record_cures(self, helped: Collection[str] | None) -> None:
        """Record the cures in effect of the packages that were built, or (None) of all, as the run has succeeded."""
        cures = [cure for name, own in self._cures.items() if helped is None or name in helped for cure in own]
        if cures:
            self.record(Plan(tuple(cures)))

    def foresee(self, names: Sequence[str]) -> list[Reason]:
        """Return the known needs of these Python packages to meet before they are built: none if nothing is to be
        installed, as a build may well succeed."""
        return self.known(names) if self.policy.system or self.policy.dry_run else []

    def known(self, names: Iterable[str]) -> list[Reason]:
        """Return the needs that rules list for these Python packages, that are unmet here, and that a package
        satisfies."""
        return self._unmet(Reason(need, name) for name in names for need in self.adviser.known_needs(name))

    def curable(self, reasons: Sequence[Reason]) -> list[Reason]:
        """Return the unmet needs that a package satisfies which this run may install or ask about."""
        return self._met(reasons, sure=self.policy.yes and not self.policy.yes_to_all) if self.policy.system else []

    def improvable(self, lacks: Sequence[Reason]) -> list[Reason]:
        """Return, of what poorer wheels lacked, what this run may cure or ask about."""
        reasons = [
            reason for reason in self.sources.behind(lacks) if reason.package not in self.sources.without_modules
        ]
        plan = self.adviser.plan(reasons, lambda cure: self._is_fresh(cure) and can_help(cure, None, ()))
        sure = plan.sure(self._tried) if self.policy.yes and not self.policy.yes_to_all else plan
        met = {*(cure.reason for cure in sure.build_cures), *self.curable(reasons)}
        return [reason for reason in reasons if reason in met]

    def cures_of(self, name: str) -> tuple[BuildCure, ...]:
        """Return the cures in effect of one build."""
        return tuple(self._cures.get(name, ()))

    def restore(self, name: str, cures: Collection[BuildCure]) -> None:
        """Take back the cures of one build that were not in effect with these ``cures``."""
        self._undo(name, [cure for cure in self.cures_of(name) if cure not in cures])

    def installed_for(self, name: str) -> tuple[str, ...]:
        """Return the installed system packages that the build of a Python package uses, by the rules or by its failures
        in this run."""
        packages = (package for plan in self.transactions for package in plan.packages)
        asked = {one.name for one in packages if any(reason.package == name for reason in one.reasons)}
        return tuple(sorted(asked.union(self.adviser.installed_for(name))))

    def simulate(self, plan: Plan) -> Simulation | None:
        """Return what a plan would do. Raises PackageManagerError if it would remove or downgrade packages."""
        simulation = self.package_manager.simulate(plan.names) if plan.packages else None
        if simulation and (objection := simulation.objection):
            raise PackageManagerError(
                f"{self.package_manager.name} would {objection}: refused: "
                "installing never removes or downgrades packages",
                hint="resolve the conflict by hand, then run the same command again",
            )
        return simulation

    def _beside(self, found: Sequence[Reason], foreseen: Sequence[Reason], cases: Sequence[Case]) -> list[Reason]:
        """Return what to name beside the needs that failures show: what was foreseen, the known needs of builds that
        lack a package, and what their next build is certain to report."""
        lacking = lack_packages(found, cases)
        if not self.policy.system:
            foreseen = without_other_failures(foreseen, lacking, cases)
        named = [one for one in (*found, *foreseen) if one.package]
        next_ones = [Reason(need, one.package) for one in named for need in self.adviser.companions(one.need)]
        return not_shown([*foreseen, *self.known(lacking), *self._unmet(next_ones)], found)

    def named(self, reasons: Sequence[Reason]) -> list[Reason]:
        """Return the needs, of those that sources name, to meet before the next builds: what this machine lacks and a
        package surely provides, and what keeps the build from ending well here."""
        return self.sources.to_meet(reasons, self.adviser, self.prober)

    def _unmet(self, reasons: Iterable[Reason]) -> list[Reason]:
        # A need that no package meets is no reason to hold back a build: it may well succeed.
        return self._met([reason for reason in dict.fromkeys(reasons) if self.prober.present(reason.need) is False])

    def _met(self, reasons: Sequence[Reason], *, sure: bool = False) -> list[Reason]:
        packages = self.adviser.plan(reasons).packages if reasons else ()
        met = {one for package in packages if package.confidence.covered_by_yes or not sure for one in package.reasons}
        return [reason for reason in reasons if reason in met]

    def _within_yes(self, plan: Plan) -> Plan:
        """Return the part of a plan that --yes covers; if that has nothing new, the whole plan, which ends the
        run."""
        if not self.policy.yes or self.policy.yes_to_all or plan.covered_by_yes:
            return plan
        sure = plan.sure(self._tried)
        if not sure.cures:
            return plan
        return replace(sure, commands=self.package_manager.commands(sure.names) if sure.packages else ())

    def _agreed(self, plan: Plan, cases: Sequence[Case]) -> Plan:
        """Show the plan and return it once the user agrees. Raises TreatmentEnded if the user declines or cannot
        install it."""
        while True:
            self.reporter.plan(plan, self.simulate(plan))
            if self.policy.dry_run:
                raise TreatmentEnded(ExitCode.DONE, cases, plan)
            if plan.packages and not self.policy.system:
                raise TreatmentEnded(ExitCode.CONSENT, cases, plan)
            if plan.packages and not self.package_manager.privileged:
                raise TreatmentEnded(ExitCode.PRIVILEGE, cases, plan)
            answer = self._answer(plan)
            if answer is Consent.YES:
                return plan
            if not isinstance(answer, Plan):
                raise TreatmentEnded(ExitCode.CONSENT, cases, plan)
            plan = replace(answer, commands=self.package_manager.commands(answer.names))

    def _answer(self, plan: Plan) -> Consent | Plan:
        if not self.policy.yes:
            return self.reporter.ask(plan)
        return Consent.YES if self.policy.yes_to_all or plan.covered_by_yes else Consent.NO
