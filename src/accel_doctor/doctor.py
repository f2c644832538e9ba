"""One run of ``install``: lock, build, install, and treat whatever fails on the way.

It uses the outside world only through :mod:`accel_doctor.interfaces`; with fakes it runs entirely in memory.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from enum import Enum
from functools import partial
from pathlib import Path

from accel_doctor.alternatives import Alternatives
from accel_doctor.environment_changes import changes_made, distributions, installed_again, with_lock
from accel_doctor.errors import ExitCode, RequirementsError
from accel_doctor.foresight import surely_built
from accel_doctor.fulfilment import Fulfilment
from accel_doctor.interfaces import Builder, Downloads, Frontend, Loader, SourceReader, TargetEnvironment
from accel_doctor.lockfile import direct_urls, with_wheels
from accel_doctor.model.builds import Change, Failed, Locked, Provision, Source
from accel_doctor.model.cures import BuildCure, Reason
from accel_doctor.model.plans import Case, Plan, Result
from accel_doctor.model.requests import InstallRequest
from accel_doctor.report.release_text import alternative_lines
from accel_doctor.treatment import Treatment, TreatmentEnded
from accel_doctor.verification import Verifier


class _Step(Enum):
    """The last step of a run."""

    LOCK = "lock"
    BUILD = "build"
    INSTALL = "install"


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
    sources: SourceReader

    def __post_init__(self) -> None:
        self.wheels = Fulfilment(self.builder, self.loader, self.treatment, self.downloads, self.sources)
        self._resolution = self.treatment.resolution  # what cures had changed when it was locked
        self._asked: tuple[InstallRequest, frozenset[str] | None] | None = None  # what for, and what was installed

    def install(self, request: InstallRequest) -> Result:
        """Lock, build and install, treating failures. Raises AccelDoctorError for failures that cannot be treated."""
        return self._run(request, _Step.INSTALL)

    def build(self, request: InstallRequest) -> Result:
        """Lock and build, treating failures like :meth:`install`, and install nothing; in the lock of the result every
        source that was built is a wheel on disk."""
        return self._run(request, _Step.BUILD)

    def lock(self, request: InstallRequest) -> Result:
        """Lock, treating failures like :meth:`install`; build and install nothing."""
        return self._run(request, _Step.LOCK)

    def _run(self, request: InstallRequest, last: _Step) -> Result:
        self.treatment.other_release = partial(self.alternatives.other_release, request)
        self.treatment.release_of_its_time = partial(self._release_of_its_time, request)
        try:
            match last:
                case _Step.LOCK:
                    self.wheels.locked = self._lock(request)
                case _Step.BUILD:
                    self._fulfilled(request)
                case _Step.INSTALL:
                    self._installed(request)
        except TreatmentEnded as ended:
            self.treatment.record_cures([source.name for source in self.wheels.built])
            result = self.result(ended.code, ended.cases, ended.plan)
            if ended.code in (ExitCode.UNCURED, ExitCode.NOT_IMPORTABLE):
                result = replace(result, alternatives=self.alternatives.beside(result, request))
            return result
        self.treatment.record_cures(None)
        return self.result(ExitCode.DONE)

    def _installed(self, request: InstallRequest) -> None:
        before = self.environment.installed(request)
        self._asked = request, before
        verifier = Verifier(self.environment, self.builder, self.treatment, self.wheels.built, self)
        verifier.verify(self._complete(request), request, before)

    def _release_of_its_time(
        self, request: InstallRequest, name: str, version: str | None, reason: Reason
    ) -> BuildCure | None:
        packages = self.wheels.locked.lock.packages if self.wheels.locked else []
        locked = {str(package.name): str(package.version) for package in packages if package.version}
        locked |= {source.name: source.version for source in self.wheels.built if source.version}
        if dependency := reason.need.older_dependency:
            return self.alternatives.dependency_of_its_time(request, name, locked, dependency, reason)
        return self.alternatives.release_of_its_time(request, name, version or locked.get(name), reason)

    def result(self, code: ExitCode, cases: Sequence[Case] = (), plan: Plan | None = None) -> Result:
        """Return the result of the run; after an exception, the result so far."""
        built, carried_out = tuple(self.wheels.built.values()), tuple(self.treatment.transactions)
        return Result(code, self.wheels.locked, built, tuple(cases), plan, carried_out, changes=self._changes(code))

    def _changes(self, code: ExitCode) -> tuple[Change, ...]:
        """Return what the run changed in the environment; in a dry run, what installing would."""
        if self._asked is None:
            return ()
        request, before = self._asked
        locked, rehearsed = self.wheels.locked, self.treatment.policy.dry_run
        installed = locked is not None and code in (ExitCode.DONE, ExitCode.NOT_IMPORTABLE)
        after = before if rehearsed else self.environment.installed(request)
        there, then = distributions(before or ()), distributions(after or ())
        if locked and installed and (rehearsed or after is None):
            then = with_lock(there, locked.lock)
        again = installed_again(locked.lock, request) if locked and installed else ()
        made = {one: Provision.STORED if built.reused else Provision.BUILT for one, built in self.wheels.built.items()}
        if locked and rehearsed:
            sources = self.environment.sources(locked)
            made = {one: Provision.BUILT if one in self.wheels.to_build else Provision.STORED for one in sources}
        sizes = self.environment.download_sizes(locked) if locked and rehearsed else {}
        return changes_made(there, then, again, made, sizes)

    def _complete(self, request: InstallRequest) -> Locked:
        """Lock, build and install. Return the lock, with built wheels."""
        locked, origins = self._fulfilled(request)
        self._install(locked, request)
        self.environment.record_origins(origins, request)
        return locked

    def _fulfilled(self, request: InstallRequest) -> tuple[Locked, Mapping[str, str]]:
        """Lock and build; again if a cure changes what is resolved. Return the lock, with built wheels, and the
        ``direct_url.json`` of those."""
        self._resolution = self.treatment.resolution
        locked = self.wheels.locked = self._lock(request)
        sources = self.environment.sources(locked)
        self.wheels.fulfil(sources, request)
        if self.treatment.resolution != self._resolution:
            return self._fulfilled(request)
        wheels = {source.name: self.wheels.built[source].wheel for source in sources}
        origins = direct_urls(locked.lock, wheels)
        if wheels:
            locked = self.wheels.locked = replace(locked, lock=with_wheels(locked.lock, wheels), file=None)
        return locked, origins

    def _lock(self, request: InstallRequest) -> Locked:
        self._say("Resolving")
        while True:
            try:
                outcome = self._resolve(request)
            except RequirementsError as error:
                if not self.treatment.take_back_releases():
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
        wheels = {source: built.wheel for source, built in self.wheels.built.items()}
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
            source = outcome.source
            if source is None or source in failed or source in self.wheels.built:
                break
            failed[source] = outcome
            with suppress(RequirementsError):  # the others may need what is left out
                outcome = self._resolve(replace(request, left_out=tuple(source.name for source in failed)))
        if not failed or self.treatment.policy.dry_run:
            return False
        self.wheels.resolved = outcome if isinstance(outcome, Locked) else None
        others = self.environment.sources(outcome) if isinstance(outcome, Locked) else []
        self.wheels.fulfil([*failed, *others], request, failed)
        return True

    def _install(self, locked: Locked, request: InstallRequest) -> None:
        self._say("Installing")
        while failed := self.frontend.install(locked, self.treatment.applied_to(request), self._log("install")):
            self._treat(failed, request)

    def _treat(self, failure: Failed, request: InstallRequest) -> None:
        """Treat a failure, together with the known needs of the requirements that are certain to be built."""
        names = [line.name for line in request.requirements if line.name]
        built = [name for name in names if surely_built(name, request, self.treatment.adviser)]
        self.treatment.treat([failure], self.treatment.known(built), built=())

    def build_again(self, names: Sequence[str], locked: Locked, request: InstallRequest) -> None:
        """Build these once more, with the cures in effect now, and install them; lock again where that takes it."""
        self.loader.forget()
        sources = [source for source in self.wheels.built if source.name in names]
        for source in sources:
            self.builder.discard(self.wheels.built.pop(source).wheel)
        if sources and self.treatment.resolution == self._resolution:
            self.wheels.fulfil(sources, request)
        if self.treatment.resolution != self._resolution:  # by what that took, too
            self._complete(request)
        elif sources:
            self._install_again(sources, locked, request)

    def fall_back(self, names: Sequence[str], locked: Locked, request: InstallRequest) -> list[str]:
        """Install the poorer wheels of these, where there are some; return the names of those."""
        if sources := self.wheels.fall_back(names):
            self._install_again(sources, locked, request)
        return [source.name for source in sources]

    def _install_again(self, sources: Sequence[Source], locked: Locked, request: InstallRequest) -> None:
        wheels = {source.name: self.wheels.built[source].wheel for source in sources}
        lock = replace(locked.lock, packages=[one for one in locked.lock.packages if one.name in wheels])
        self._install(Locked(with_wheels(lock, wheels)), replace(request, reinstall=True))

    def _say(self, text: str) -> None:
        self.treatment.reporter.step(text)

    def _log(self, step: str) -> Path:
        return self.treatment.logs.new_log(step, "")
