"""The real session, put together: the only place where adapters meet."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING

from accel_doctor.builder.fetch import SourceFetcher
from accel_doctor.builder.portable import Auditwheel
from accel_doctor.builder.sources import SourceBuilder
from accel_doctor.cli.advice import AdviserWhenAsked
from accel_doctor.cli.configuration import journal_path
from accel_doctor.cli.session import Session
from accel_doctor.cli.terminal.interrupts import UninterruptedPackageManager
from accel_doctor.doctor import Doctor
from accel_doctor.frontends.asked import surroundings_of
from accel_doctor.frontends.origins import record_origins
from accel_doctor.frontends.remembered import RememberingFrontend
from accel_doctor.frontends.uv.uv_binary import find_uv
from accel_doctor.interfaces import Adviser, Frontend, PackageManager, Prober, WheelStore
from accel_doctor.journal import Journal, journal_entry
from accel_doctor.lockfile import sources_to_build
from accel_doctor.model import (
    BuildKey,
    Case,
    Failed,
    InstallRequest,
    Interpreter,
    Link,
    Locked,
    Plan,
    Policy,
    Provenance,
    Source,
)
from accel_doctor.store.housekeeping import LEASES, REMEMBERED, SOURCES, WHEELS
from accel_doctor.store.leases import Leases
from accel_doctor.store.levels.level_settings import LevelSettings
from accel_doctor.store.wheels.build_key import build_key
from accel_doctor.store.wheels.provenance import provenance_of
from accel_doctor.store.wheels.wheel_store import LocalWheelStore
from accel_doctor.system.loader.library_versions import LibraryVersions
from accel_doctor.system.loader.machine_loader import MachineLoader
from accel_doctor.system.packages.owners import file_owners, installed_versions
from accel_doctor.system.probe import MachineProber
from accel_doctor.system.python.imports import Imports
from accel_doctor.system.python.interpreter import supported_tags
from accel_doctor.treatment import Treatment

# Rules and all that reads logs by them are imported when something failed: most runs end well without.
if TYPE_CHECKING:
    from packaging.tags import Tag


@contextmanager
def assembled_doctor(
    session: Session, frontend: Frontend, policy: Policy, jobs: int, levels: LevelSettings | None = None
) -> Iterator[Doctor]:
    """A doctor with real adapters that builds ``jobs`` at once; its scratch directory lives as long as the block.

    When the block ends, what was built has been sent to the shared levels.
    """
    from packaging.utils import parse_wheel_filename

    tags = supported_tags(session.interpreter, session.platforms)
    frontend = remembering(frontend, session, tags)

    def key_of(source: Source, request: InstallRequest) -> BuildKey | None:
        settings = request.build_settings_of(source.name)
        return build_key(source, session.interpreter, session.distribution, settings, session.invocation.variables)

    def made_here(source: Source, version: str) -> Provenance:
        made = provenance_of(source, version, session.interpreter, session.distribution, datetime.now(timezone.utc))
        used = treatment.installed_for(source.name)
        return replace(made, built_with=installed_versions(used, treatment.package_manager.name, session.runner))

    def sources_of(locked: Locked) -> Sequence[Source]:
        return sources_to_build(locked.lock, tags, session.interpreter.environment)

    treatment = assembled_treatment(session, policy)
    loader = MachineLoader(
        session.runner,
        session.interpreter,
        session.invocation.variables,
        versions=LibraryVersions(session.cache / "libraries.json"),
    )

    def linked(wheel: Path) -> tuple[Link, ...]:
        from accel_doctor.builder.linkage import links_of

        return links_of(wheel, loader, owners)

    def owners(files: Sequence[Path]) -> Mapping[Path, str]:
        return file_owners(files, treatment.package_manager.name, session.runner)

    leases = Leases(session.cache / LEASES)
    leases.hold(session.logs.directory.name)
    with (
        tempfile.TemporaryDirectory(prefix="accel-doctor-", ignore_cleanup_errors=True) as work,
        _wheel_store(session, leases, levels or LevelSettings(), Path(work)) as store,
    ):
        yield Doctor(
            frontend=frontend,
            builder=SourceBuilder(
                frontend=frontend,
                runner=session.runner,
                store=store,
                fetcher=SourceFetcher(session.cache / SOURCES, session.invocation.variables, leases.hold),
                reporter=session.reporter,
                key_of=key_of,
                provenance_of=made_here,
                links_of=linked,
                loader=loader,
                installable=lambda name: not parse_wheel_filename(name)[3].isdisjoint(tags),
                repair=auditwheel_for(session).repair,
                new_log=session.logs.new_log,
                work=Path(work),
                jobs=jobs,
            ),
            loader=loader,
            treatment=treatment,
            sources_of=sources_of,
            record_origins=lambda origins, request: record_origins(
                origins, request, session.interpreter, session.runner
            ),
            failing_imports=Imports(session.interpreter, session.runner, session.logs.new_log, jobs).failing,
        )


@contextmanager
def _wheel_store(session: Session, leases: Leases, levels: LevelSettings, work: Path) -> Iterator[WheelStore]:
    warn = session.reporter.note
    local = LocalWheelStore(session.cache / WHEELS, leases, warn, lambda: session.runner.stopped)
    if not levels.addresses:
        yield local
        return
    from accel_doctor.store.levels.levelled_store import LevelledStore

    opened, signatures = levels.opened(session.invocation.variables, session.invocation.directory, session.reporter)
    store = LevelledStore(local, opened, signatures, work, session.reporter)
    with store.finishing():
        yield store


def auditwheel_for(session: Session) -> Auditwheel:
    """Return the auditwheel beside this program."""
    return Auditwheel(session.runner, session.invocation.executable, session.invocation.variables)


def remembering(frontend: Frontend, session: Session, tags: Sequence[Tag]) -> Frontend:
    """The same frontend, which does not resolve twice what leaves nothing open."""
    variables = session.invocation.variables
    binary = find_uv(variables)
    surroundings = surroundings_of(variables, session.invocation.directory, [binary] if binary else [])
    return RememberingFrontend(frontend, session.cache / REMEMBERED, session.interpreter, tags, surroundings)


def assembled_treatment(
    session: Session, policy: Policy, interpreter_of: Callable[[str], Interpreter] | None = None
) -> Treatment:
    """The part of a run that reads failures and cures them, with real adapters.

    Advice is for the interpreter of ``parts``; with ``interpreter_of`` for that of the version a log shows, where it
    shows another.
    """

    package_manager = UninterruptedPackageManager(lambda: session.package_manager, session.interrupts)

    def read_failure(failure: Failed) -> Case:
        from accel_doctor.diagnosis import WatchedStream, diagnose_stream

        with failure.log.open("rb") as stream:
            watched = WatchedStream(stream)
            diagnosis = diagnose_stream(watched, session.rulebook.symptoms, failure.package)
        case = Case(failure, diagnosis, watched.python_of(diagnosis))
        if case.python and interpreter_of:
            own = case.python == session.interpreter.feature_version
            interpreter = session.interpreter if own else interpreter_of(case.python)
            treatment.adviser, treatment.prober = _advice(session, package_manager, interpreter)
        return case

    journal = Journal(journal_path(session.invocation.variables), session.reporter.note)

    def remember(plan: Plan) -> None:
        journal.append(journal_entry(plan, session.distribution, package_manager.name, session.invocation.command_line))

    adviser, prober = _advice(session, package_manager, session.interpreter)
    treatment = Treatment(
        adviser=adviser,
        package_manager=package_manager,
        prober=prober,
        reporter=session.reporter,
        read_failure=read_failure,
        new_log=session.logs.new_log,
        policy=policy,
        remember=remember,
    )
    return treatment


def _advice(session: Session, package_manager: PackageManager, interpreter: Interpreter) -> tuple[Adviser, Prober]:
    adviser = AdviserWhenAsked(lambda: session.adviser(interpreter, package_manager))
    return adviser, MachineProber(session.runner, interpreter, session.invocation.variables)
