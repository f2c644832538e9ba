"""Resolve without running build backends inside of the frontend: metadata that a source does not say are built in the
sandbox, and given to the frontend as wheels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from packaging.tags import Tag

from accel_doctor.errors import NetworkError, RequirementsError, ToolError
from accel_doctor.index.pages import sdist_of
from accel_doctor.interfaces import Builder, Describer, Frontend, PackageIndex
from accel_doctor.lockfile import sources_to_build
from accel_doctor.model.builds import Built, Described, Failed, Locked, Source
from accel_doctor.model.processes import Completed
from accel_doctor.model.requests import BuildSettings, IndexSettings, InstallRequest, RequirementLine
from accel_doctor.requirements.specifier import direct_source, local_project

_MOST_WAITING = 5  # builds, each for the next


@dataclass
class DescribingFrontend:
    """A frontend whose resolver is told the metadata of sources, once it needs them; each is built once."""

    frontend: Frontend
    index: PackageIndex
    markers: Mapping[str, str]  # of the interpreter
    tags: Sequence[Tag]  # of wheels that it accepts
    describer: Describer = field(init=False)  # both need a frontend themselves, and are set once they are made
    builder: Builder = field(init=False)
    _described: dict[Source, Described] = field(default_factory=dict, init=False)  # by what was asked for
    _direct: dict[RequirementLine, Source] = field(default_factory=dict, init=False)

    @property
    def name(self) -> str:
        return self.frontend.name

    def lock(self, request: InstallRequest, log: Path) -> Locked | Failed:
        """Resolve; a source whose metadata cannot be built is the failure, like any other failing build."""
        own_read = False
        while isinstance(outcome := self.frontend.lock(self._informed(request), log), Failed):
            sources = self._unknown(outcome, request, log)
            lines = {} if sources else self._direct_lines(request)
            if sources or lines:
                failure = self._describe([*sources, *lines.values()], list(lines), request, outcome)
            elif not own_read:
                failure, own_read = self._read_own(request, log), True
            else:  # what only the frontend can build
                return self.frontend.lock(replace(self._informed(request), runs_backends=True), log)
            if failure:
                return failure
        return outcome

    def provision(
        self, environment: Path, requirements: Sequence[str], build: BuildSettings, index: IndexSettings, log: Path
    ) -> Completed:
        """Install a build's requirements. Those of which there are only sources are built first, like all others."""
        done = self.frontend.provision(environment, requirements, build, index, log)
        if done.returncode == 0 or len(build.waiting) > _MOST_WAITING:
            return done
        lines = (requirements, (*build.build_constraints, *build.changes.constraints))
        asked, bounds = (tuple(RequirementLine(text, "a build requirement") for text in part) for part in lines)
        settings = BuildSettings(build_constraints=build.build_constraints, waiting=build.waiting)
        request = InstallRequest(asked, bounds, index, settings, reinstall=True)  # whatever is installed here
        with suppress(RequirementsError, NetworkError):  # the log says it already
            if links := self._wheels_for(request, log):
                found = replace(index, find_links=(*index.find_links, *links))
                return self.frontend.provision(environment, requirements, build, found, log)
        return done

    def _wheels_for(self, request: InstallRequest, log: Path) -> list[str]:
        """Build what these requirements have no wheels of; return where the wheels are, nothing if a build failed."""
        locked = self.lock(request, log)
        if isinstance(locked, Failed):
            return []
        sources = sources_to_build(locked.lock, self.tags, self.markers)
        if any(source.name in request.build.waiting for source in sources):  # builds that require each other
            return []
        built = [one for one in self.builder.build(sources, request, {}) if isinstance(one, Built)]
        return [str(one.wheel.path.parent) for one in built] if len(built) == len(sources) else []

    def install(self, locked: Locked, request: InstallRequest, log: Path) -> Failed | None:
        return self.frontend.install(locked, request, log)

    def _informed(self, request: InstallRequest) -> InstallRequest:
        told = {described.source: described.wheel for described in list(self._described.values())}
        return replace(request, built={**told, **request.built}, direct=self._direct)

    def _unknown(self, failure: Failed, request: InstallRequest, log: Path) -> list[Source]:
        """Return the releases whose metadata the frontend lacks: what is left when the first one is left out, too."""
        found: list[Source] = []
        outcome: Locked | Failed = failure
        while isinstance(outcome, Failed):
            source = self._release(outcome, request)
            if source is None or source in found or source in self._described or source in request.built:
                break
            found.append(source)
            names = (*request.left_out, *(source.name for source in found))
            with suppress(RequirementsError):  # the others may need what is left out
                outcome = self.frontend.lock(self._informed(replace(request, left_out=names)), log)
        return found

    def _release(self, failure: Failed, request: InstallRequest) -> Source | None:
        direct = {line.name for line in self._direct_lines(request)}
        if failure.package is None or failure.version is None or failure.package in direct:
            return None
        with suppress(NetworkError):  # then the frontend says what is wrong
            return sdist_of(self.index.project(failure.package, request.index), failure.version)
        return None

    def _direct_lines(self, request: InstallRequest) -> dict[RequirementLine, Source]:
        lines = [one for one in request.requirements if one not in self._direct and one.applies(self.markers)]
        return {line: source for line in lines if (source := direct_source(line))}

    def _describe(
        self, sources: Sequence[Source], lines: Sequence[RequirementLine], request: InstallRequest, before: Failed
    ) -> Failed | None:
        """Learn what these sources are; return the first failure, or the one before where the tools are lacking."""
        try:
            told = self.describer.described(sources, request)
        except ToolError:
            return before
        for line, one in zip(lines, told[len(sources) - len(lines) :], strict=True):
            if isinstance(one, Described):
                self._direct[line] = one.source
        self._described |= {asked: one for asked, one in zip(sources, told, strict=True) if isinstance(one, Described)}
        return next((one for one in told if isinstance(one, Failed)), None)

    def _read_own(self, request: InstallRequest, log: Path) -> Failed | None:
        """Let the frontend run the backends of the directories that are to be installed, which are the user's own. By
        themselves, since uv remembers the metadata of directories: what they require may be anybody's."""
        own = tuple(line for line in request.requirements if local_project(line))
        if not own:
            return None
        alone = replace(self._informed(request), requirements=own, constraints=(), no_deps=True, runs_backends=True)
        outcome = self.frontend.lock(alone, log)
        return outcome if isinstance(outcome, Failed) else None
