"""The real parts, put together: the only place where adapters meet."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from accel_doctor.builder.fetch import SourceFetcher
from accel_doctor.builder.portable import Auditwheel
from accel_doctor.builder.sources import SourceBuilder
from accel_doctor.cli.advice import AdviserWhenAsked
from accel_doctor.cli.configuration import journal_path
from accel_doctor.cli.levels import LevelSettings
from accel_doctor.cli.logs import RunLogs
from accel_doctor.cli.machines import driven_package_manager
from accel_doctor.cli.session import Surrounding
from accel_doctor.cli.terminal.interrupts import Interrupts, UninterruptedPackageManager
from accel_doctor.cli.terminal.reporters import PlainReporter
from accel_doctor.doctor import Doctor
from accel_doctor.frontends.asked import surroundings_of
from accel_doctor.frontends.origins import record_origins
from accel_doctor.frontends.remembered import RememberingFrontend
from accel_doctor.frontends.uv.uv_binary import find_uv
from accel_doctor.interfaces import Adviser, Frontend, PackageManager, Prober, Runner, WheelStore
from accel_doctor.journal import Journal, journal_entry
from accel_doctor.lockfile import sources_to_build
from accel_doctor.model import (
    BuildKey,
    Case,
    Distribution,
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
from accel_doctor.store.wheels.build_key import build_key
from accel_doctor.store.wheels.provenance import provenance_of
from accel_doctor.store.wheels.wheel_store import LocalWheelStore
from accel_doctor.system.loader.library_versions import LibraryVersions
from accel_doctor.system.loader.machine_loader import MachineLoader
from accel_doctor.system.packages.owners import file_owners, installed_versions
from accel_doctor.system.packages.privilege import find_privilege
from accel_doctor.system.probe import MachineProber
from accel_doctor.system.python.imports import Imports
from accel_doctor.system.python.interpreter import supported_tags
from accel_doctor.treatment import Treatment

# Rules and all that reads logs by them are imported when something failed: most runs end well without.
if TYPE_CHECKING:
    from packaging.tags import Tag

    from accel_doctor.rulebook import Rulebook
    from accel_doctor.system.process.runner import ProcessRunner


@dataclass(frozen=True)
class Parts:
    """What was found out about this machine before any command acts."""

    surrounding: Surrounding
    runner: ProcessRunner
    distribution: Distribution
    interpreter: Interpreter
    reporter: PlainReporter
    interrupts: Interrupts
    logs: RunLogs
    cache: Path
    rule_directories: Sequence[Path]
    index_directories: Sequence[Path]
    platforms: Sequence[str] = ()  # platform tags, where the interpreter is another machine's
    find_package_manager: Callable[[Rulebook], PackageManager] | None = None  # the one that is driven here


@contextmanager
def assembled_doctor(
    parts: Parts, frontend: Frontend, policy: Policy, jobs: int, levels: LevelSettings | None = None
) -> Iterator[Doctor]:
    """A doctor with real adapters that builds ``jobs`` at once; its scratch directory lives as long as the block.

    When the block ends, what was built has been sent to the shared levels.
    """
    from packaging.utils import parse_wheel_filename

    tags = supported_tags(parts.interpreter, parts.platforms)
    frontend = remembering(frontend, parts, tags)

    def key_of(source: Source, request: InstallRequest) -> BuildKey | None:
        settings = request.build_settings_of(source.name)
        return build_key(source, parts.interpreter, parts.distribution, settings, parts.surrounding.environment)

    def made_here(source: Source, version: str) -> Provenance:
        made = provenance_of(source, version, parts.interpreter, parts.distribution, datetime.now(timezone.utc))
        used = treatment.installed_for(source.name)
        return replace(made, built_with=installed_versions(used, treatment.package_manager.name, parts.runner))

    def sources_of(locked: Locked) -> Sequence[Source]:
        return sources_to_build(locked.lock, tags, parts.interpreter.environment)

    treatment = assembled_treatment(parts, policy)
    loader = MachineLoader(
        parts.runner,
        parts.interpreter,
        parts.surrounding.environment,
        versions=LibraryVersions(parts.cache / "libraries.json"),
    )

    def linked(wheel: Path) -> tuple[Link, ...]:
        from accel_doctor.builder.linkage import links_of

        return links_of(wheel, loader, owners)

    def owners(files: Sequence[Path]) -> Mapping[Path, str]:
        return file_owners(files, treatment.package_manager.name, parts.runner)

    leases = Leases(parts.cache / LEASES)
    leases.hold(parts.logs.directory.name)
    with (
        tempfile.TemporaryDirectory(prefix="accel-doctor-", ignore_cleanup_errors=True) as work,
        _wheel_store(parts, leases, levels or LevelSettings(), Path(work)) as store,
    ):
        yield Doctor(
            frontend=frontend,
            builder=SourceBuilder(
                frontend=frontend,
                runner=parts.runner,
                store=store,
                fetcher=SourceFetcher(parts.cache / SOURCES, parts.surrounding.environment, leases.hold),
                reporter=parts.reporter,
                key_of=key_of,
                provenance_of=made_here,
                links_of=linked,
                loader=loader,
                installable=lambda name: not parse_wheel_filename(name)[3].isdisjoint(tags),
                repair=auditwheel_for(parts.surrounding, parts.runner).repair,
                new_log=parts.logs.new_log,
                work=Path(work),
                jobs=jobs,
            ),
            loader=loader,
            treatment=treatment,
            sources_of=sources_of,
            record_origins=lambda origins, request: record_origins(origins, request, parts.interpreter, parts.runner),
            failing_imports=Imports(parts.interpreter, parts.runner, parts.logs.new_log, jobs).failing,
        )


@contextmanager
def _wheel_store(parts: Parts, leases: Leases, levels: LevelSettings, work: Path) -> Iterator[WheelStore]:
    warn = parts.reporter.note
    local = LocalWheelStore(parts.cache / WHEELS, leases, warn, lambda: parts.runner.stopped)
    if not levels.addresses:
        yield local
        return
    from accel_doctor.store.levels.levelled_store import LevelledStore

    opened, signatures = levels.opened(parts.surrounding.environment, parts.surrounding.directory, parts.reporter)
    store = LevelledStore(local, opened, signatures, work, parts.reporter)
    with store.finishing():
        yield store


def auditwheel_for(surrounding: Surrounding, runner: Runner) -> Auditwheel:
    """The auditwheel beside this program."""
    return Auditwheel(runner, Path(sys.executable), surrounding.environment)


def remembering(frontend: Frontend, parts: Parts, tags: Sequence[Tag]) -> Frontend:
    """The same frontend, which does not resolve twice what leaves nothing open."""
    surrounding = parts.surrounding
    binary = find_uv(surrounding.environment)
    surroundings = surroundings_of(surrounding.environment, surrounding.directory, [binary] if binary else [])
    return RememberingFrontend(frontend, parts.cache / REMEMBERED, parts.interpreter, tags, surroundings)


def assembled_treatment(
    parts: Parts, policy: Policy, interpreter_of: Callable[[str], Interpreter] | None = None
) -> Treatment:
    """The part of a run that reads failures and cures them, with real adapters.

    Advice is for the interpreter of ``parts``; with ``interpreter_of`` for that of the version a log shows, where it
    shows another.
    """

    # Found out when first asked, since a run in which nothing fails needs neither rules nor a package manager.
    @cache
    def rulebook() -> Rulebook:
        from accel_doctor.cli.rulebooks import load_rules

        return load_rules(parts.rule_directories)

    package_manager = UninterruptedPackageManager(lambda: _find_package_manager(parts, rulebook()), parts.interrupts)

    def read_failure(failure: Failed) -> Case:
        from accel_doctor.diagnosis import WatchedStream, diagnose_stream

        with failure.log.open("rb") as stream:
            watched = WatchedStream(stream)
            diagnosis = diagnose_stream(watched, rulebook().symptoms, failure.package)
        case = Case(failure, diagnosis, watched.python_of(diagnosis))
        if case.python and interpreter_of:
            own = case.python == parts.interpreter.feature_version
            interpreter = parts.interpreter if own else interpreter_of(case.python)
            treatment.adviser, treatment.prober = _advice(parts, rulebook, package_manager, interpreter)
        return case

    journal = Journal(journal_path(parts.surrounding.environment), parts.reporter.note)

    def remember(plan: Plan) -> None:
        journal.append(journal_entry(plan, parts.distribution, package_manager.name, parts.surrounding.command_line))

    adviser, prober = _advice(parts, rulebook, package_manager, parts.interpreter)
    treatment = Treatment(
        adviser=adviser,
        package_manager=package_manager,
        prober=prober,
        reporter=parts.reporter,
        read_failure=read_failure,
        new_log=parts.logs.new_log,
        policy=policy,
        remember=remember,
    )
    return treatment


def _advice(
    parts: Parts, rulebook: Callable[[], Rulebook], package_manager: PackageManager, interpreter: Interpreter
) -> tuple[Adviser, Prober]:
    def adviser() -> Adviser:
        from accel_doctor.diagnosis import RuleAdviser
        from accel_doctor.fileindex import find_index
        from accel_doctor.system.packages.repositories import enabling_commands

        return RuleAdviser(
            rulebook(),
            parts.distribution,
            interpreter,
            package_manager,
            lambda: find_index(parts.distribution, parts.index_directories),
            lambda repositories: enabling_commands(repositories, parts.distribution),
        )

    return AdviserWhenAsked(adviser), MachineProber(parts.runner, interpreter, parts.surrounding.environment)


def _find_package_manager(parts: Parts, rulebook: Rulebook) -> PackageManager:
    if parts.find_package_manager:
        return parts.find_package_manager(rulebook)
    environment = parts.surrounding.environment
    privilege = find_privilege(
        euid=os.geteuid(), path=environment.get("PATH", ""), terminal=parts.surrounding.terminal.interactive
    )
    return driven_package_manager(rulebook, parts.distribution, parts.runner, privilege)
