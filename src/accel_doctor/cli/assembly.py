"""Assemble a real session: the only place where adapters meet."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING

from accel_doctor.alternatives import Alternatives
from accel_doctor.builder.bytecode import LibraryBytecode
from accel_doctor.builder.describing import SourceDescriber
from accel_doctor.builder.fetch import SourceFetcher
from accel_doctor.builder.portable import Auditwheel
from accel_doctor.builder.sources import SourceBuilder
from accel_doctor.builder.wheel_builds import Builds
from accel_doctor.cli.downloads import background_downloads
from accel_doctor.cli.machine_environment import MachineEnvironment
from accel_doctor.cli.session import Session
from accel_doctor.doctor import Doctor
from accel_doctor.errors import NetworkError
from accel_doctor.frontends.choice import find_uv
from accel_doctor.frontends.remembered import RememberingFrontend, resolution_context
from accel_doctor.index.other_releases import newest_before, promises_extensions
from accel_doctor.index_client import IndexClient
from accel_doctor.interfaces import (
    Advisers,
    BuildIdentity,
    Frontend,
    PackageIndex,
    PackageManager,
    Prober,
    SourceReader,
    WheelStore,
)
from accel_doctor.model.builds import Failed, Locked, Source
from accel_doctor.model.cures import Reason
from accel_doctor.model.machine import Interpreter
from accel_doctor.model.plans import Case, Plan, Policy
from accel_doctor.model.releases import Project, Successor
from accel_doctor.model.requests import InstallRequest
from accel_doctor.model.wheels import BuildKey, Link, Provenance
from accel_doctor.resolving import DescribingFrontend
from accel_doctor.store.build_variables import build_variables
from accel_doctor.store.layout import CURES, LEASES, LIBRARIES, LOCKS, SOURCES, WHEELS
from accel_doctor.store.locks import Leases
from accel_doctor.store.wheels.build_key import build_key, provenance_of
from accel_doctor.store.wheels.known_cures import KnownCures
from accel_doctor.store.wheels.wheel_store import LocalWheelStore
from accel_doctor.system.loader.library_versions import LibraryVersions
from accel_doctor.system.loader.machine_loader import MachineLoader
from accel_doctor.system.probe import MachineProber
from accel_doctor.system.process.scratch import scratch_directory
from accel_doctor.system.python.interpreter import supported_tags
from accel_doctor.treatment import Treatment

# Rules and the code that reads logs with them are imported after a failure: most runs succeed without them.
if TYPE_CHECKING:
    from packaging.specifiers import SpecifierSet
    from packaging.tags import Tag
    from packaging.version import Version

    from accel_doctor.diagnosis import RuleAdviser
    from accel_doctor.store.levels.opening import LevelSettings


@contextmanager
def assembled_doctor(
    session: Session, frontend: Frontend, policy: Policy, jobs: int, levels: LevelSettings | None = None
) -> Iterator[Doctor]:
    """Yield a doctor with real adapters that runs ``jobs`` builds at once; its scratch directory lives until block end.

    When the block ends, built wheels have been sent to the shared levels.
    """
    environment = MachineEnvironment(session, supported_tags(session.interpreter, session.platforms), jobs)
    variables, index = session.invocation.variables, IndexClient(session.invocation.variables)
    downloads = background_downloads(session, policy)
    treatment = assembled_treatment(session, policy)
    python, known = session.interpreter, LibraryVersions(session.cache / LIBRARIES)
    loader = MachineLoader(session.runner, python, variables, versions=known)
    (leases := Leases(session.cache / LEASES)).hold(session.logs.directory.name)
    with (
        scratch_directory() as work,
        _wheel_store(session, leases, levels, work) as store,
        closing(downloads),
    ):
        resolver = DescribingFrontend(frontend, index, python.environment, environment.tags)
        builder = SourceBuilder(
            builds=Builds(resolver, session.runner, session.sandbox, python, variables, LibraryBytecode(python, work)),
            runner=session.runner,
            store=store,
            cures=KnownCures(session.cache / CURES),
            fetcher=SourceFetcher(session.cache / SOURCES, variables, leases.hold),
            reporter=session.reporter,
            identity=MachineBuilds(session, treatment, loader, index),
            loader=loader,
            tags=frozenset(environment.tags),
            auditwheel=auditwheel_for(session),
            logs=session.logs,
            work=work,
            jobs=jobs,
        )
        resolver.describer, resolver.builder = SourceDescriber(builder), builder
        told = None if levels else downloads.lists_for(session)  # shared levels may have all the wheels
        frontend = _remembering(session, resolver, environment.tags, told)
        others, sources = _alternatives(session, environment, index), _SourceReader(session, builder)
        yield Doctor(frontend, builder, loader, treatment, environment, others, downloads, sources)


def _remembering(
    session: Session, frontend: Frontend, tags: Sequence[Tag], on_resolving: Callable[[InstallRequest], None] | None
) -> Frontend:
    variables, directory = session.invocation.variables, session.invocation.directory
    context = resolution_context(variables, directory, [uv] if (uv := find_uv(variables)) else [])
    return RememberingFrontend(frontend, session.cache / LOCKS, session.interpreter, tags, context, on_resolving)


def _alternatives(session: Session, environment: MachineEnvironment, index: PackageIndex) -> Alternatives:
    def successor(name: str) -> Successor | None:
        found = session.rulebook.successor(name)
        return found if found and found.applies_to(session.interpreter.feature_version) else None

    def of_its_time(project: Project, asked: str | None, allowed: SpecifierSet) -> Version | None:
        day = session.rulebook.frozen(session.distribution)
        return newest_before(project, asked, day, allowed, session.interpreter.version) if day else None

    def project_of(module: str) -> str | None:
        return session.rulebook.project_of(module)

    return Alternatives(index, successor, environment.other_releases, of_its_time, project_of)


class _SourceReader:
    """Reads sources and wheels; what does so is loaded with the first."""

    def __init__(self, session: Session, builder: SourceBuilder) -> None:
        self._session = session
        self._builder = builder

    def reasons(self, source: Source, request: InstallRequest, log: Path | None) -> Sequence[Reason]:
        return self._trees.reasons(source, request, log)

    def not_importable(
        self, locked: Locked | None, built: Sequence[Source], request: InstallRequest
    ) -> Sequence[Reason]:
        return self._trees.not_importable(locked, built, request)

    @property
    def _trees(self) -> SourceReader:
        from accel_doctor.builder.source_trees import SourceTrees

        python = self._session.interpreter.feature_version
        return SourceTrees(self._builder.fetcher, self._session.rulebook, python, self._builder.work)


@dataclass(frozen=True)
class MachineBuilds(BuildIdentity):
    """The identity of this machine's builds, and the metadata stored with their wheels."""

    session: Session
    treatment: Treatment
    loader: MachineLoader
    index: PackageIndex

    def key(self, source: Source, request: InstallRequest) -> BuildKey | None:
        session, settings = self.session, request.build_settings_of(source.name)
        return build_key(source, session.interpreter, session.distribution, settings, session.invocation.variables)

    def provenance(self, source: Source, version: str) -> Provenance:
        from accel_doctor.system.packages.managers import installed_versions
        from accel_doctor.system.packages.system_tools import SystemTools

        session, manager = self.session, self.treatment.package_manager.name
        made = provenance_of(source, version, session.interpreter, session.distribution, datetime.now(timezone.utc))
        used = self.treatment.installed_for(source.name)
        variables = tuple(f"variable {name}" for name in build_variables(session.invocation.variables, source.name))
        built_with = installed_versions(used, manager, SystemTools(session.runner))
        return replace(made, settings=variables, built_with=built_with)

    def lacks(self, source: Source, tree: Path, wheel: Path, log: Path, request: InstallRequest) -> tuple[Reason, ...]:
        from accel_doctor.builder.left_out import lacked

        def promised() -> bool:
            with suppress(NetworkError):
                return promises_extensions(self.index.project(source.name, request.index), source.version)
            return False

        rules, prober = self.session, self.treatment.prober
        return lacked(source.name, tree, wheel, log, lambda: rules.rulebook.symptoms, prober, promised)

    def links(self, wheel: Path) -> tuple[Link, ...]:
        from accel_doctor.builder.linkage import linked_files, links_to
        from accel_doctor.system.packages.managers import file_owners
        from accel_doctor.system.packages.system_tools import SystemTools

        files = linked_files(wheel, self.loader)
        names = list(dict.fromkeys(files.values()))
        manager = self.treatment.package_manager.name if names else ""
        return links_to(files, file_owners(names, manager, SystemTools(self.session.runner)), self.loader)


@contextmanager
def _wheel_store(session: Session, leases: Leases, levels: LevelSettings | None, work: Path) -> Iterator[WheelStore]:
    warn = session.reporter.note
    local = LocalWheelStore(session.cache / WHEELS, leases, warn, lambda: session.runner.stopped)
    if not levels:
        yield local
        return
    from accel_doctor.store.levels.levelled_store import LevelledStore

    opened, signatures = levels.opened(session.invocation.variables, session.invocation.directory, session.reporter)
    store = LevelledStore(local, opened, signatures, work, session.reporter)
    with store.finishing():
        yield store


def auditwheel_for(session: Session) -> Auditwheel:
    """Return the auditwheel installed beside this program."""
    return Auditwheel(session.runner, session.invocation.executable, session.invocation.variables)


def assembled_treatment(session: Session, policy: Policy, *, any_python: bool = False) -> Treatment:
    """Return the treatment, which reads failures and cures them, with real adapters.

    Advice is for the session's interpreter; with ``any_python``, for the version that a log shows.
    """
    knowledge = Knowledge(session, any_python=any_python)
    return Treatment(
        advisers=knowledge,
        reporter=session.reporter,
        deferred=session.interrupts.deferred,
        read=knowledge.read,
        logs=session.logs,
        policy=policy,
        record=knowledge.record,
    )


class Knowledge(Advisers):
    """The rules and the package manager, each loaded on first use: a run without failures loads neither."""

    def __init__(self, session: Session, *, any_python: bool) -> None:
        self._session = session
        self._any_python = any_python
        self._advisers: dict[str | None, RuleAdviser] = {}
        self._probers: dict[str | None, Prober] = {}

    @property
    def package_manager(self) -> PackageManager:
        return self._session.package_manager

    def read(self, failure: Failed) -> Case:
        """Return the case: the diagnosis of a failure's log, and the Python version that the log shows."""
        from accel_doctor.diagnosis import WatchedStream, diagnose_stream, without_mere_words

        symptoms = self._session.rulebook.symptoms
        with failure.log.open("rb") as stream:
            watched = WatchedStream(stream)
            diagnosis = diagnose_stream(watched, symptoms, failure.package)
        python = watched.python_of(diagnosis)
        diagnosis = without_mere_words(diagnosis, symptoms, self.adviser(python).knows)
        return Case(failure, diagnosis, python, watched.building)

    def record(self, plan: Plan) -> None:
        """Record a completed plan in the journal."""
        self._session.journal.append(self._session.journal_entry(plan))

    def adviser(self, python: str | None) -> RuleAdviser:
        other = self._other(python)
        if other not in self._advisers:
            self._advisers[other] = self._session.adviser(self._interpreter(other))
        return self._advisers[other]

    def prober(self, python: str | None) -> Prober:
        other, session = self._other(python), self._session
        if other not in self._probers:
            variables = session.invocation.variables
            self._probers[other] = MachineProber(session.runner, self._interpreter(other), variables)
        return self._probers[other]

    def forget(self) -> None:
        self._probers.clear()

    def _other(self, python: str | None) -> str | None:
        return python if self._any_python and python != self._session.interpreter.feature_version else None

    def _interpreter(self, other: str | None) -> Interpreter:
        return self._session.likely_interpreter(other) if other else self._session.interpreter
