"""The environment to install into, on this machine."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from accel_doctor.cli.session import Session
from accel_doctor.frontends.origins import record_origins
from accel_doctor.frontends.remembered import installed_metadata
from accel_doctor.index.other_releases import other_releases
from accel_doctor.interfaces import TargetEnvironment
from accel_doctor.lockfile import download_sizes, sources_to_build
from accel_doctor.model.builds import Failed, Locked, Source
from accel_doctor.model.releases import OtherReleases, Project
from accel_doctor.model.requests import InstallRequest
from accel_doctor.store.known_imports import KnownImports
from accel_doctor.store.layout import IMPORTS
from accel_doctor.system.loader.library_versions import libraries_state
from accel_doctor.system.python.import_programs import DIGEST
from accel_doctor.system.python.imports import Imports

if TYPE_CHECKING:
    from packaging.tags import Tag


@dataclass(frozen=True)
class MachineEnvironment(TargetEnvironment):
    """The environment of an interpreter on this machine; it accepts wheels with one of ``tags``."""

    session: Session
    tags: Sequence[Tag]
    jobs: int

    def sources(self, locked: Locked) -> Sequence[Source]:
        return sources_to_build(locked.lock, self.tags, self.session.interpreter.environment)

    def download_sizes(self, locked: Locked) -> Mapping[str, int]:
        return download_sizes(locked.lock, self.tags, self.session.interpreter.environment)

    def other_releases(self, project: Project, asked: str | None) -> OtherReleases:
        """Return the releases of a project that the interpreter can install."""
        return other_releases(project, asked, self.session.interpreter.version, self.tags)

    def record_origins(self, origins: Mapping[str, str], request: InstallRequest) -> None:
        record_origins(origins, request, self.session.interpreter, self.session.runner)

    def installed(self, request: InstallRequest) -> frozenset[str] | None:
        if request.user:
            return None
        if request.prefix:
            return frozenset(installed_metadata(sorted(request.prefix.glob("lib*/python*/*-packages"))))
        return frozenset(
            installed_metadata([request.target] if request.target else self.session.interpreter.site_directories)
        )

    def was_imported(self, names: Collection[str], content: Collection[str]) -> bool:
        return self._known_imports.has(names, content)

    def remember_imports(self, names: Collection[str], content: Collection[str]) -> None:
        self._known_imports.add(names, content)

    @property
    def _known_imports(self) -> KnownImports:
        session = self.session
        libraries = libraries_state(session.invocation.variables)
        facts = {**session.interpreter.abi, "libraries": libraries, "programs": DIGEST}
        return KnownImports(session.cache / IMPORTS, facts)

    def failing_imports(self, names: Sequence[str], request: InstallRequest) -> Sequence[Failed]:
        session = self.session
        runner, note = session.runner, session.reporter.note
        imports = Imports(session.interpreter, runner, session.sandbox, session.logs, self.jobs, note, session.rulebook)
        return imports.failing(names, request)
