"""One run of ``install``: lock, build, install, and treat whatever fails on the way.

It uses the outside world only through :mod:`accel_doctor.interfaces`; with fakes it runs entirely in memory.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import NoReturn

from accel_doctor.alternatives import Alternatives
from accel_doctor.errors import ExitCode, NetworkError, RequirementsError
from accel_doctor.foresight import LINKED, surely_built
from accel_doctor.index.pages import sdist_of
from accel_doctor.interfaces import Builder, Downloads, Frontend, Loader, TargetEnvironment
from accel_doctor.lockfile import direct_urls, older_numpy, with_wheels
from accel_doctor.model.builds import Built, Failed, Locked, Source, Wheel
from accel_doctor.model.cures import Reason
from accel_doctor.model.needs import Need
from accel_doctor.model.plans import Case, Plan, Result
from accel_doctor.model.requests import InstallRequest
from accel_doctor.poorer import PoorerWheels
from accel_doctor.report.release_text import alternative_lines
from accel_doctor.treatment import Treatment, TreatmentEnded
from accel_doctor.verification import Verifier
from accel_doctor.wording import count


@dataclass
class Doctor:
    """The run of one installation; the :class:`Result` holds everything it learns."""

    frontend: Frontend
    builder: Builder
    loader: Loader
    treatment: Treatment
    environment: TargetEnvironment
    alternatives: Alternatives
    downloads: Downloads
    read: Callable[[Source, InstallRequest], Sequence[Reason]] = lambda source, request: ()  # what its files name
    _built: dict[Source, Built] = field(default_factory=dict)
    _unfit: dict[Source, Wheel] = field(default_factory=dict)  # stored wheels that do not work here
    _sources_read: set[Source] = field(default_factory=set)
    _locked: Locked | None = None
    _releases: tuple[str, ...] = ()  # in effect when it was locked

    def __post_init__(self) -> None:
        self._poorer = PoorerWheels(self.treatment, self._built)

    def install(self, request: InstallRequest) -> Result:
        """Lock, build and install, treating failures. Raises AccelDoctorError for failures that cannot be treated."""
        self.treatment.other_release = partial(self.alternatives.other_release, request)
        try:
            before = self.environment.installed(request)
            verifier = Verifier(self.environment, self.builder, self.treatment, self._built, self._build_again)
            verifier.verify(self._complete(request), request, before)
        except TreatmentEnded as ended:
            self.treatment.record_cures([source.name for source in self._built])
            result = self.result(ended.code, ended.cases, ended.plan)
            if ended.code is ExitCode.UNCURED:
                result = replace(result, alternatives=self.alternatives.among(ended.cases, request))
            return result
        self.treatment.record_cures(None)
        return self.result(ExitCode.DONE)

    def result(self, code: ExitCode, cases: Sequence[Case] = (), plan: Plan | None = None) -> Result:
        """Return the result of the run; after an exception, the result so far."""
        built, carried_out = tuple(self._built.values()), tuple(self.treatment.transactions)
        return Result(code, self._locked, built, tuple(cases), plan, carried_out)

    def lacked_by_kept(self, sources: Sequence[Source], request: InstallRequest) -> dict[str, tuple[Need, ...]]:
        """Return the missing libraries that stored wheels link, by name of the distribution.

        Leaves out sources without a stored wheel, and those whose wheel libraries would not help.
        """
        stored = zip(sources, self.builder.stored(sources, request), strict=True)
        lacked = {source.name: self._lacked(wheel) for source, wheel in stored if wheel}
        return {name: needs for name, needs in lacked.items() if needs is not None}

    def _lacked(self, wheel: Wheel) -> tuple[Need, ...] | None:
        """Return the libraries that a wheel lacks here; None if it lacks something that no library provides."""
        needs = [link.need for link in self.loader.unmet(wheel.links)]
        known = tuple(need for need in needs if need)
        return known if len(known) == len(needs) else None

    def _complete(self, request: InstallRequest) -> Locked:
        """Lock, build and install; lock again if a cure asks for other releases. Return the lock, with built wheels."""
        self._releases = self.treatment.releases
        self._locked = self._lock(request)
        sources = self.environment.sources(self._locked)
        self._fulfil(sources, request)
        if self.treatment.releases != self._releases:
            return self._complete(request)
        wheels = {source.name: self._built[source].wheel for source in sources}
        origins = direct_urls(self._locked.lock, wheels)
        if wheels:
            self._locked = replace(self._locked, lock=with_wheels(self._locked.lock, wheels), file=None)
        self._install(self._locked, request)
        self.environment.record_origins(origins, request)
        return self._locked

    def _lock(self, request: InstallRequest) -> Locked:
        self._say("Resolving")
        while True:
            try:
                outcome = self._resolve(request)
            except RequirementsError as error:
                self._upgrade_pins(error, request)
                continue
            if isinstance(outcome, Locked):
                return outcome
            if not self._build_first(outcome, request):
                self._treat(outcome, request)

    def _upgrade_pins(self, error: RequirementsError, request: InstallRequest) -> None:
        """Allow other releases of the pins that a resolver's message names, if wanted and possible; else raise the
        error, with these releases as hints."""
        found = list(self.alternatives.to_pins_in(error.message, self.treatment.applied_to(request)))
        cures = [cure for one in found if (cure := self.alternatives.cure(one, request))]
        if cures and self.treatment.policy.upgrade_unbuildable and self.treatment.is_new(Plan(tuple(cures))):
            self.treatment.offer(Plan(tuple(cures)))
            return
        error.hint = "; ".join(filter(None, (error.hint, *(text for one in found for text in alternative_lines(one)))))
        raise error

    def _resolve(self, request: InstallRequest) -> Locked | Failed:
        """Resolve once, with the cures in effect; what is built already has its metadata in its wheel."""
        wheels = {source: built.wheel for source, built in self._built.items()}
        asked = replace(self.treatment.applied_to(request), built=wheels)
        outcome = self.frontend.lock(asked, self._log("resolve"))
        self.downloads.wait()
        return outcome

    def _build_first(self, failure: Failed, request: InstallRequest) -> bool:
        """Build the sources whose metadata cannot be built alone, and the others known so far; return whether there
        was one."""
        failed: dict[Source, Failed] = {}
        outcome: Locked | Failed = failure
        while isinstance(outcome, Failed):
            source = self._source_of(outcome, request)
            if source is None or source in failed:
                break
            failed[source] = outcome
            with suppress(RequirementsError):  # the others may need what is left out
                outcome = self._resolve(replace(request, left_out=tuple(source.name for source in failed)))
        if not failed or self.treatment.policy.dry_run:
            return False
        others = self.environment.sources(outcome) if isinstance(outcome, Locked) else []
        self._fulfil([*failed, *others], request, failed)
        return True

    def _source_of(self, failure: Failed, request: InstallRequest) -> Source | None:
        """Return the release whose metadata could not be built, unless its wheel is built already."""
        if failure.package is None or failure.version is None:
            return None
        with suppress(NetworkError):  # treated without it
            source = sdist_of(self.alternatives.index.project(failure.package, request.index), failure.version)
            return None if source in self._built else source
        return None

    def _install(self, locked: Locked, request: InstallRequest) -> None:
        self._say("Installing")
        while failed := self.frontend.install(locked, self.treatment.applied_to(request), self._log("install")):
            self._treat(failed, request)

    def _treat(self, failure: Failed, request: InstallRequest) -> None:
        """Treat a failure, together with the known needs of the requirements that are certain to be built."""
        names = [line.name for line in request.requirements if line.name]
        built = [name for name in names if surely_built(name, request, self.treatment.adviser)]
        self.treatment.treat([failure], self.treatment.foresee(built), built=())

    def _build_again(self, names: Sequence[str], locked: Locked, request: InstallRequest) -> None:
        """Build these once more, with the cures in effect now, and install them; lock again where that takes it."""
        self.loader.forget()
        sources = [source for source in self._built if source.name in names]
        for source in sources:
            self.builder.discard(self._built.pop(source).wheel)
        if self.treatment.releases != self._releases:
            self._complete(request)
        elif sources:
            self._fulfil(sources, request)
            wheels = {source.name: self._built[source].wheel for source in sources}
            lock = replace(locked.lock, packages=[one for one in locked.lock.packages if one.name in wheels])
            self._install(Locked(with_wheels(lock, wheels)), replace(request, reinstall=True))

    def _fulfil(
        self, sources: Sequence[Source], request: InstallRequest, failed: Mapping[Source, Failed] | None = None
    ) -> None:
        """Take or build the wheels of ``sources``; ``failed`` are failures of theirs that were not treated yet.

        Ends before all are built if a cure asks for other releases.
        """
        pending, waiting = self._take_stored([one for one in sources if one not in self._built], request)
        if self.treatment.policy.dry_run:
            self._end_rehearsal(pending, waiting)
        known = dict(failed or {})
        releases = self.treatment.releases
        while pending and self.treatment.releases == releases:
            held = [source for source, reasons in pending.items() if reasons]
            expected = [reason for source in held for reason in pending[source]]
            failures = {source: known[source] for source in pending if source in known}
            if ready := [one for one in pending if one not in held and one not in known]:
                self._fetch_ahead(expected)
                failures |= self._build(ready, request)
            poorer = self._poorer.offered_by(pending)
            if not failures and not held and not poorer:
                break
            self.downloads.wait()
            expected += [reason for reasons in poorer.values() for reason in reasons]
            expected += self._named_by([*failures, *held, *poorer], request)
            if not self._poorer.treat(failures, expected, [*held, *poorer]):
                break
            self.loader.forget()
            for source in poorer:
                del self._built[source]
            left = [*failures, *poorer]
            left += [one for one in held if one not in left and not self._used(one, waiting.get(one))]
            pending, waiting, known = {source: [] for source in left}, {}, {}
        self._poorer.tell()

    def _fetch_ahead(self, expected: Sequence[Reason]) -> None:
        """Download, beside the builds to come, the packages that will surely be installed after them."""
        if expected and self.treatment.policy.yes:
            packages = self.treatment.adviser.plan(expected).packages
            self.downloads.start([package.name for package in packages if package.confidence.covered_by_yes])

    def _named_by(self, failing: Sequence[Source], request: InstallRequest) -> list[Reason]:
        """Return the needs that the files of sources name whose builds failed or surely would, once for each source."""
        unread = [source for source in dict.fromkeys(failing) if source not in self._sources_read]
        self._sources_read.update(unread)
        return self.treatment.named([reason for source in unread for reason in self.read(source, request)])

    def _take_stored(
        self, sources: Sequence[Source], request: InstallRequest
    ) -> tuple[dict[Source, list[Reason]], dict[Source, Wheel]]:
        """Return the sources without a wheel that works here, with the needs to meet first; and the stored wheels
        that only lack a library."""
        pending: dict[Source, list[Reason]] = {}
        waiting: dict[Source, Wheel] = {}
        stored = self.builder.stored(sources, self.treatment.applied_to(request))
        for source, wheel in zip(sources, stored, strict=True):
            if wheel and (reasons := self._libraries_for(source, wheel)):
                pending[source], waiting[source] = reasons, wheel
            elif wheel and (better := self._poorer.instead_of(source, wheel)) is not None:
                pending[source] = better
            elif not self._used(source, wheel):
                pending[source] = []
        foreseen = self.treatment.foresee([source.name for source in pending if source not in waiting])
        for source in pending:
            pending[source] += [reason for reason in foreseen if reason.package == source.name]
        return pending, waiting

    def _libraries_for(self, source: Source, wheel: Wheel) -> list[Reason]:
        """Return the libraries that a stored wheel lacks here, if system packages provide all of them; else nothing."""
        reasons = [Reason(need, source.name, why=LINKED) for need in self._lacked(wheel) or ()]
        return reasons if len(self.treatment.curable(reasons)) == len(reasons) else []

    def _used(self, source: Source, wheel: Wheel | None) -> bool:
        """Use a stored wheel if there is one and the loader here can resolve its links; return whether it was
        used."""
        if wheel is None:
            return False
        reasons = [*map(str, self.loader.unmet(wheel.links))]
        if outgrown := self._outgrown(wheel):
            reasons.append(outgrown)
        if reasons:
            self._unfit[source] = wheel
            why = "; ".join(reasons)
            self.treatment.reporter.note(f"rebuilding {source}: its cached wheel does not load here: {why}")
            return False
        self._built[source] = Built(source, wheel, reused=True)
        return True

    def _outgrown(self, wheel: Wheel) -> str | None:
        return older_numpy(wheel, self._locked.lock) if self._locked else None

    def _build(self, sources: Sequence[Source], request: InstallRequest) -> dict[Source, Failed]:
        if sources:
            self._say(f"Building {count(len(sources), 'source distribution')}")
        failed = {}
        outcomes = self.builder.build(sources, self.treatment.applied_to(request), self._unfit)
        for source, outcome in zip(sources, outcomes, strict=True):
            if isinstance(outcome, Built):
                self._built[source] = outcome
                if outgrown := self._outgrown(outcome.wheel):
                    self.treatment.reporter.note(
                        f"{source} will not import: {outgrown}; add numpy<2 to the requirements"
                    )
            else:
                failed[source] = outcome
        return failed

    def _end_rehearsal(self, pending: Mapping[Source, Sequence[Reason]], waiting: Collection[Source]) -> NoReturn:
        for source in pending:
            if source not in waiting:
                self.treatment.reporter.note(f"would build {source}")
        plan = self.treatment.adviser.plan([reason for reasons in pending.values() for reason in reasons])
        self.treatment.reporter.plan(plan, self.treatment.simulate(plan))
        raise TreatmentEnded(ExitCode.DONE, plan=plan)

    def _say(self, text: str) -> None:
        self.treatment.reporter.step(text)

    def _log(self, step: str) -> Path:
        return self.treatment.logs.new_log(step, "")
