"""The builder: turn sources into wheels in parallel, from the store if possible."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from packaging.tags import Tag
from packaging.utils import parse_wheel_filename

from accel_doctor.builder.build_output import BuildOutput
from accel_doctor.builder.fetch import SourceFetcher, check_out
from accel_doctor.builder.portable import Auditwheel
from accel_doctor.builder.purity import built_the_same_everywhere
from accel_doctor.builder.returned import taken_wheel
from accel_doctor.builder.wheel_builds import Builds, MadeWheel
from accel_doctor.errors import AccelDoctorError
from accel_doctor.hashing import sha256_of
from accel_doctor.interfaces import BuildIdentity, CureMemory, Loader, Logs, Reporter, Runner, WheelStore
from accel_doctor.model.builds import Built, Failed, Outcome, Source, SourceKind, Wheel
from accel_doctor.model.cures import NO_CHANGES, BuildChanges, Reason
from accel_doctor.model.requests import InstallRequest
from accel_doctor.model.wheels import BuildKey, Link, Provenance
from accel_doctor.wheelfile import generator, is_pure
from accel_doctor.workers import workers

CHECKOUT = "checkout"
_PASSABLE = 0o711  # for the user who runs a build below it
_LOOK_UPS = 16  # threads; they wait for disks and networks


@dataclass(frozen=True)
class SourceBuilder:
    """Build isolated (PEP 517), ``jobs`` at a time."""

    builds: Builds
    runner: Runner
    store: WheelStore
    cures: CureMemory
    fetcher: SourceFetcher
    reporter: Reporter
    identity: BuildIdentity
    loader: Loader
    tags: frozenset[Tag]  # of wheels that the interpreter accepts
    auditwheel: Auditwheel
    logs: Logs
    work: Path  # scratch of this run; wheels without a key stay here until it ends
    jobs: int

    def stored(self, sources: Sequence[Source], request: InstallRequest) -> list[Wheel | None]:
        """Return the stored wheel of each source for these settings, in order; None where there is none. Make them
        portable if the request asks for it."""
        if not sources:
            return []
        # Shared levels are slow, and each wheel is read in full to verify it.
        with workers(_LOOK_UPS, "look-up") as pool:
            found = list(pool.map(lambda source: self._stored(source, request), sources))
        return [self._fitting(source, *one) for source, one in zip(sources, found, strict=True)]

    def _fitting(self, source: Source, request: InstallRequest, found: Wheel | None) -> Wheel | None:
        # A wheel bundled on a newer machine has a tag that this one may not accept.
        if not request.build.portable or (found and self.tags & parse_wheel_filename(found.path.name)[3]):
            return found
        plain = self._get(self.identity.key(source, request.plain))
        return self._made_portable(source, request, plain) if plain else None

    def _stored(self, source: Source, request: InstallRequest) -> tuple[InstallRequest, Wheel | None]:
        """Return the stored wheel and the request that it is for: where there is none or a poorer one, with the cures
        that its build took before."""
        key, plain = self.identity.key(source, request), self.identity.key(source, request.plain)
        kept = any(self.store.get(one) for one in {key, plain} if one)
        if plain and not kept and not request.changes.get(source.name) and (changes := self.cures.recall(plain)):
            request = _changed(request, source, changes)
            key = self.identity.key(source, request)
        return request, self._get(key)

    def _get(self, key: BuildKey | None) -> Wheel | None:
        return (self.store.get(key) or self.store.get(key.poorer)) if key else None

    def build(self, sources: Sequence[Source], request: InstallRequest, unfit: Mapping[Source, Wheel]) -> list[Outcome]:
        """Return one outcome per source, in order, once all builds have ended.

        Raises the error that kept a source from being built at all (network, a changed hash), after the others ended.
        """
        if not sources:
            return []
        with workers(self.jobs, "build") as pool:
            # The largest first: else one long build may be left for the end, alone.
            order = sorted(sources, key=lambda source: -(source.size or 0))
            futures = {one: pool.submit(self._outcome, one, request, unfit.get(one)) for one in order}
            errors = [futures[source].exception() for source in sources]
        for error in errors:
            if error is not None:
                raise error
        return [futures[source].result() for source in sources]

    def keep(self, wheel: Wheel, links: Sequence[Link] = ()) -> None:
        self.store.confirm(wheel, links)

    def discard(self, wheel: Wheel) -> None:
        self.store.discard(wheel)

    def _outcome(self, source: Source, request: InstallRequest, unfit: Wheel | None) -> Outcome:
        outcome = self._build_or_take(source, request.plain, unfit)
        if request.build.portable and isinstance(outcome, Built):
            return replace(outcome, wheel=self._made_portable(source, request, outcome.wheel))
        return outcome

    def _build_or_take(self, source: Source, request: InstallRequest, unfit: Wheel | None) -> Outcome:
        key = self.identity.key(source, request)
        if key is None:
            return self._build(source, request, None)
        with self.store.building(key):
            stored = self.store.get(key)
            if stored and stored != unfit and not self.loader.unmet(stored.links):  # built while we waited
                outcome: Outcome = Built(source, stored, reused=True)
                self.reporter.build_finished(source, outcome)
                return outcome
            return self._build(source, request, key, unfit=stored)

    def _build(
        self, source: Source, request: InstallRequest, key: BuildKey | None, unfit: Wheel | None = None
    ) -> Outcome:
        started = time.monotonic()
        self.reporter.build_started(source)
        work = self.scratch(source)
        self.reporter.build_phase(source, "fetch")
        try:
            if source.kind is SourceKind.VCS:
                tree = check_out(source, work / CHECKOUT, self.runner)
            else:
                tree = self.fetcher.fetch(source, request.index, work, self.reporter)
        except AccelDoctorError:
            shutil.rmtree(work, ignore_errors=True)
            raise
        log = self.logs.new_log("build", source.name)
        done = self._run(source, tree, request, work, log)
        seconds = time.monotonic() - started
        if done.wheel is None:
            outcome: Outcome = Failed(source.name, log, "build", done.returncode, seconds, source.version)
        else:
            lacks = self.identity.lacks(source, tree, done.wheel, log, request)
            wheel = self._kept(source, request, tree, done.wheel, done.requirements, key, unfit, lacks)
            outcome = Built(source, wheel, reused=False, seconds=seconds, log=log, lacks=lacks)
        if done.wheel is None or wheel.path != done.wheel:
            shutil.rmtree(work, ignore_errors=True)
        self.reporter.build_finished(source, outcome)
        return outcome

    def scratch(self, source: Source) -> Path:
        """Return a new directory for one build."""
        # Short: builds have their temporary files below it, and the path of a socket has 107 bytes.
        work = Path(tempfile.mkdtemp(prefix=f"{source.name[:16]}-", dir=self.work))
        for one in (self.work, work):
            one.chmod(_PASSABLE)
        return work

    def _run(self, source: Source, tree: Path, request: InstallRequest, work: Path, log: Path) -> MadeWheel:
        """Run one build; return how it ended, with our own copy of its wheel, if it made one."""
        settings, hear = request.build_settings_of(source.name), BuildOutput(source, self.reporter).hear
        # All of a repository: versions come from its history, and files from beside the subdirectory.
        top, below = (work / CHECKOUT, source.subdirectory or "") if source.kind is SourceKind.VCS else (tree, "")
        done = self.builds.wheel_of(source.name, top, below, settings, request.index, work, log, hear)
        if done.wheel is None:
            return done
        try:
            return replace(done, wheel=taken_wheel(done.wheel, work / "returned"))
        except (ValueError, OSError) as error:
            with log.open("a", encoding="utf-8") as file:
                file.write(f"error: refused what the build returned as {done.wheel.name!r}: {error}\n")
            return replace(done, wheel=None)

    def _kept(
        self,
        source: Source,
        request: InstallRequest,
        tree: Path,
        wheel: Path,
        made_with: Sequence[str],
        key: BuildKey | None,
        unfit: Wheel | None,
        lacks: Sequence[Reason],
    ) -> Wheel:
        needs = tuple(dict.fromkeys(str(reason.need) for reason in lacks))
        if key is None:
            return Wheel(wheel, sha256_of(wheel), lacks=needs)
        if needs:
            key, unfit = key.poorer, self.store.get(key.poorer)
        elif is_pure(wheel) and not built_the_same_everywhere(tree):
            key = replace(key, pure=key.exact)  # not shared
        provenance = replace(self._provenance(source, wheel, request, made_with), lacks=needs)
        changes = request.build_settings_of(source.name).changes
        if changes and not needs and (plain := self.identity.key(source, _changed(request, source, NO_CHANGES))):
            self.cures.remember(plain, changes)
        return self.store.put(key, wheel, provenance, self.identity.links(wheel), unfit)

    def _provenance(
        self, source: Source, wheel: Path, request: InstallRequest, made_with: Sequence[str] = ()
    ) -> Provenance:
        version = source.version or wheel.name.split("-")[1]
        made_with = tuple(made_with) or tuple(filter(None, [generator(wheel)]))
        settings, made = request.build_settings_of(source.name), self.identity.provenance(source, version)
        own = [f"config setting {one.partition('=')[0]}" for one in settings.config_settings]
        own += [f"build constraint {one}" for one in settings.build_constraints]
        changes = settings.changes.texts
        return replace(made, build_requirements=made_with, changes=changes, settings=(*made.settings, *own))

    def _made_portable(self, source: Source, request: InstallRequest, plain: Wheel) -> Wheel:
        """Return the wheel with its libraries bundled, stored under its own key; the plain wheel, with a note, if
        bundling fails."""
        if is_pure(plain.path):
            return plain
        work = Path(tempfile.mkdtemp(prefix=f"{source.name}-portable-", dir=self.work))
        made = self.auditwheel.repair(plain.path, work, self.logs.new_log("portable", source.name))
        if isinstance(made, str):
            shutil.rmtree(work, ignore_errors=True)
            self.reporter.note(f"{source}: keeping its wheel as built: cannot make it portable: {made}")
            return plain
        key, links = self.identity.key(source, request), self.identity.links(made)
        if key is None:
            return Wheel(made, sha256_of(made), links)
        wheel = self.store.put(key, made, self._provenance(source, made, request), links, instead_of=self._get(key))
        if wheel.path != made:
            shutil.rmtree(work, ignore_errors=True)
        return wheel


def _changed(request: InstallRequest, source: Source, changes: BuildChanges) -> InstallRequest:
    return replace(request, changes={**request.changes, source.name: changes})
