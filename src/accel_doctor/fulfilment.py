"""Turn sources into wheels: take stored ones, build the others, until all are there or nothing more can be tried."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NoReturn

from accel_doctor.errors import ExitCode
from accel_doctor.foresight import LINKED
from accel_doctor.interfaces import Builder, Downloads, Loader, SourceReader
from accel_doctor.lockfile import older_numpy
from accel_doctor.model.builds import Built, Failed, Locked, Source, Wheel
from accel_doctor.model.cures import Reason
from accel_doctor.model.needs import Need
from accel_doctor.model.requests import InstallRequest
from accel_doctor.poorer import PoorerWheels
from accel_doctor.treatment import Treatment, TreatmentEnded
from accel_doctor.workers import workers

_READERS = 4  # threads; each may keep 64 MB of a source in memory


@dataclass
class Fulfilment:
    """The wheels of one run: ``built`` are those that it built or took from the store, ``locked`` what they are for."""

    builder: Builder
    loader: Loader
    treatment: Treatment
    downloads: Downloads
    sources: SourceReader
    built: dict[Source, Built] = field(default_factory=dict)
    locked: Locked | None = None
    resolved: Locked | None = None  # what could be resolved so far
    to_build: tuple[Source, ...] = ()  # by a run that is not a dry one
    _unfit: dict[Source, Wheel] = field(default_factory=dict)  # stored wheels that do not work here
    _sources_read: set[Source] = field(default_factory=set)
    _lock_read: Locked | None = None

    def __post_init__(self) -> None:
        self._poorer = PoorerWheels(self.treatment, self.built)

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

    def fulfil(
        self, sources: Sequence[Source], request: InstallRequest, failed: Mapping[Source, Failed] | None = None
    ) -> None:
        """Take or build the wheels of ``sources``; ``failed`` are failures of theirs that were not treated yet.

        Ends before all are built if a cure changes what is resolved.
        """
        pending, waiting = self._take_stored([one for one in sources if one not in self.built], request)
        if self.treatment.policy.dry_run:
            self._end_rehearsal(pending, waiting)
        known = dict(failed or {})
        resolution = self.treatment.resolution
        while pending and self.treatment.resolution == resolution:
            held = [source for source, reasons in pending.items() if reasons]
            failures = {source: known[source] for source in pending if source in known}
            if ready := [one for one in pending if one not in held and one not in known]:
                self._fetch_ahead([reason for source in held for reason in pending[source]])
                failures |= self._build(ready, request)
            self.downloads.wait()
            self._poorer.settle(failures)
            poor = self._poorer.among(pending)
            if not failures and not held and not poor:
                break
            built = (one for one in held if one not in waiting)  # the others only lack a library
            named = self._named_by([*failures, *built, *poor], request, failures)
            held = self._poorer.wait(held)
            expected = [reason for source in held for reason in pending[source]]
            poorer = self._poorer.offered_by(poor)
            if not failures and not held and not poorer:
                break
            expected += self._poorer.to_meet(poorer, named)
            if not self._poorer.treat(failures, expected, [*held, *poorer]):
                break
            self.loader.forget()
            for source in poorer:
                del self.built[source]
            left = [*failures, *poorer]
            left += [one for one in held if one not in left and not self._used(one, waiting.get(one))]
            pending, waiting, known = {source: [] for source in left}, {}, {}
        self._poorer.tell()

    def fall_back(self, names: Collection[str]) -> list[Source]:
        """Use the poorer wheels of these distributions, whose better ones cannot be imported and are not kept; return
        the sources that have one."""
        made = {source: built.wheel for source, built in self.built.items() if source.name in names}
        back = [source for source in made if self._poorer.fall_back(source)]
        for source in back:
            self.builder.discard(made[source])
        self._poorer.tell()
        return back

    def _fetch_ahead(self, expected: Sequence[Reason]) -> None:
        """Download, beside the builds to come, the packages that will surely be installed after them."""
        if expected and self.treatment.policy.yes:
            packages = self.treatment.adviser.plan(expected).packages
            self.downloads.start([package.name for package in packages if package.confidence.covered_by_yes])

    def _named_by(
        self, failing: Sequence[Source], request: InstallRequest, failures: Mapping[Source, Failed]
    ) -> list[Reason]:
        """Return the needs that the files of sources name whose builds failed or surely would, once for each source."""

        def reasons_of(source: Source) -> Sequence[Reason]:
            return self.sources.reasons(source, request, failures[source].log if source in failures else None)

        unread = [source for source in dict.fromkeys(failing) if source not in self._sources_read]
        self._sources_read.update(unread)
        if not unread:
            return []
        with workers(_READERS, "read") as pool:  # most wait for downloads
            found = list(pool.map(reasons_of, unread))
        reasons = [reason for reasons in found for reason in reasons]
        return self.treatment.named([*reasons, *self._modules_read(request)])

    def _modules_read(self, request: InstallRequest) -> Sequence[Reason]:
        """Return why what needs no cure cannot be imported here, once for each: what was built, and what was asked
        for."""
        built = [one for one, made in self.built.items() if one not in self._sources_read and not made.reused]
        self._sources_read.update(built)
        locked = self.locked or self.resolved
        locked, self._lock_read = None if self._lock_read is locked else locked, locked
        return self.sources.not_importable(locked, built, request)

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
        foreseen += self._poorer.foreseen([source.name for source in pending if not pending[source]], foreseen, request)
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
        self.built[source] = Built(source, wheel, reused=True)
        return True

    def _outgrown(self, wheel: Wheel) -> str | None:
        return older_numpy(wheel, self.locked.lock) if self.locked else None

    def _build(self, sources: Sequence[Source], request: InstallRequest) -> dict[Source, Failed]:
        if sources:
            self.treatment.reporter.builds(sources)
        failed = {}
        outcomes = self.builder.build(sources, self.treatment.applied_to(request), self._unfit)
        for source, outcome in zip(sources, outcomes, strict=True):
            if isinstance(outcome, Built):
                self.built[source] = outcome
                if outgrown := self._outgrown(outcome.wheel):
                    self.treatment.reporter.note(
                        f"{source} will not import: {outgrown}; add numpy<2 to the requirements"
                    )
            else:
                failed[source] = outcome
        return failed

    def _end_rehearsal(self, pending: Mapping[Source, Sequence[Reason]], waiting: Collection[Source]) -> NoReturn:
        self.to_build = tuple(source for source in pending if source not in waiting)
        plan = self.treatment.adviser.plan([reason for reasons in pending.values() for reason in reasons])
        self.treatment.reporter.plan(plan, self.treatment.simulate(plan))
        raise TreatmentEnded(ExitCode.DONE, plan=plan)
