"""Drive uv as frontend: ``uv pip compile``, ``uv venv``, ``uv pip install``."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import tomli_w
from packaging.pylock import Pylock
from packaging.version import Version

from accel_doctor.errors import UsageError
from accel_doctor.frontends.choice import FrontendParts
from accel_doctor.frontends.hosted import hosted, projects, unlimited, without_backends
from accel_doctor.frontends.lock_files import read_lock, write_lock
from accel_doctor.frontends.outcome import PLAIN_LANGUAGE, conclude, logged, scratch_beside
from accel_doctor.frontends.telling import (
    RequirementFiles,
    as_arguments,
    build_arguments,
    given,
    required_arguments,
    verbosity_arguments,
    with_built,
    without_isolation,
    write_requirement_files,
)
from accel_doctor.frontends.uv.shared_files import edited_elsewhere
from accel_doctor.frontends.uv.uv_arguments import (
    PLAIN_OUTPUT,
    index_arguments,
    index_variables,
    package_config_settings,
    resolver_arguments,
)
from accel_doctor.frontends.uv.uv_cache import cache_directory_of, variables_for_another
from accel_doctor.frontends.uv.uv_locks import InstalledDistribution, enforce_hashes, kept_direct, without_installed
from accel_doctor.frontends.uv.uv_messages import read_uv
from accel_doctor.interfaces import Notifier, Runner, Sandbox
from accel_doctor.lockfile import from_sources
from accel_doctor.model.builds import Failed, Locked
from accel_doctor.model.machine import Interpreter
from accel_doctor.model.processes import Completed
from accel_doctor.model.requests import BuildSettings, IndexSettings, InstallRequest
from accel_doctor.requirements.pip_option_table import Part

# Older uv (0.8) wraps its messages, including quoted build output, at 80 columns, which breaks compiler messages.
_WHOLE_LINES = {"UV_NO_WRAP": "1"}

# One line per package that it looks at, without which nobody knows whether it still works.
_TELLING = {"RUST_LOG": "uv_resolver::resolver=debug"}

# What was said about resolving; uv refuses it where it installs a lock.
_OF_RESOLVING = {"UV_CONSTRAINT": "", "UV_OVERRIDE": "", "UV_EXCLUDE": ""}

_REPOSITORY = re.compile(r"\b(?:git|hg|svn|bzr)\+[a-z]+:", re.IGNORECASE)


@dataclass(frozen=True)
class UvFrontend:
    """Implement :class:`accel_doctor.interfaces.Frontend` with uv 0.8 or newer."""

    runner: Runner
    sandbox: Sandbox
    interpreter: Interpreter
    variables: Mapping[str, str]  # environment of uv: UV_* stays in effect
    uv: Path
    elsewhere: tuple[str, ...] = ()  # options that resolve for a machine other than the interpreter's
    notifier: Notifier | None = None
    cache: Mapping[str, str] = field(default_factory=dict)  # variables, if uv cannot use its own

    name = "uv"

    def lock(self, request: InstallRequest, log: Path) -> Locked | Failed:
        """Resolve with ``uv pip compile``; installed distributions that fit are kept, and left out of the lock."""
        _refuse_what_uv_cannot(request)
        asked, request = request, with_built(request)
        request = without_isolation(request)
        location = as_arguments("uv", request, Part.LOCATION)
        installed = [] if request.reinstall or self.elsewhere else self._installed(location)
        kept = kept_direct(installed, request)
        scratch = scratch_beside(log)
        files = write_requirement_files(
            scratch,
            request,
            per_requirement_options=False,
            more_constraints=[f"{distribution.name} @ {distribution.url}" for distribution in kept],
        )
        if installed and not request.upgrade and self._satisfied(request, files, location, scratch):
            return Locked(Pylock(lock_version=Version("1.0"), created_by="uv", packages=[]))
        output = scratch / "resolved" / "pylock.toml"
        _write_preferences(output, installed)
        argv = self._compile_command(request, files, output)
        started = hosted(self.sandbox, argv, (self._cache, scratch, *projects(request)))
        told = {**({} if self.variables.keys() & _TELLING else _TELLING), **self._told(request.index)}
        told |= self._without_backends(request, scratch)
        completed, said = logged(self.runner, argv, log, told, started)
        if completed.returncode != 0:
            return conclude(read_uv(said), self.name, "resolve", log, completed)
        lock = from_sources(read_lock(output), request)
        lock = without_installed(lock, installed, {distribution.name for distribution in kept})
        if request.checks_hashes:
            lock = enforce_hashes(lock, asked, self.interpreter.environment)
        return Locked(lock)

    def provision(
        self, environment: Path, requirements: Sequence[str], build: BuildSettings, index: IndexSettings, log: Path
    ) -> Completed:
        """Make the environment with ``uv venv``, and fill it with ``uv pip install``, both quiet but for errors."""
        bounds = {"UV_CONSTRAINT": self.variables.get("UV_BUILD_CONSTRAINT", ""), "UV_REQUIRE_HASHES": "0"}
        told = {**self._told(index), **_OF_RESOLVING, **bounds}
        if not environment.exists():
            argv = [*self._command("venv", "--quiet", "--no-project"), str(environment)]
            made = self.runner.record(argv, log, environment=told)
            if made.returncode:
                return made
        told |= without_backends(environment.parent, self.variables)
        argv = [
            str(self.uv), "pip", "install", "--quiet", "--python", str(environment), *PLAIN_OUTPUT,
            *as_arguments("uv", BuildSettings(no_build_isolation=True), Part.BUILD),
            *required_arguments("uv", requirements, build, environment.parent),
            *index_arguments(index, self.variables),
        ]  # fmt: skip
        started = hosted(self.sandbox, argv, (self._cache, environment))
        return self.runner.record(started, log, environment=told)

    def install(self, locked: Locked, request: InstallRequest, log: Path) -> Failed | None:
        """Install exactly the lock, with ``uv pip install``."""
        if not locked.lock.packages:
            return None
        scratch = scratch_beside(log)
        lock = locked.file
        if lock is None or not lock.is_file():  # the cache that contained it may be cleared at any time
            lock = write_lock(locked.lock, scratch)
        argv = self._install_command(lock, scratch, request)
        # All files of a remembered lock were here once. If they still are, no network access is needed.
        first = [["--offline"]] if locked.remembered and not request.index.offline else []
        builds = any(package.directory for package in locked.lock.packages)
        told = {**self._told(request.index), **_OF_RESOLVING}
        for more in (*first, []):
            started = unlimited(self.sandbox, [*argv, *more]) if builds else None
            completed, said = logged(self.runner, [*argv, *more], log, told, started)
            if completed.returncode == 0:
                break
        if completed.returncode == 0 and (edited := self._edited_elsewhere(locked, request)):
            # Not --refresh-package: it unpacks no wheel again that is a file.
            logged(self.runner, [str(self.uv), "cache", "clean", *PLAIN_OUTPUT, *edited], log, told)
            again = [word for name in edited for word in ("--reinstall-package", name)]
            completed, said = logged(self.runner, [*argv, *again], log, told)
        return None if completed.returncode == 0 else conclude(read_uv(said), self.name, "install", log, completed)

    def _edited_elsewhere(self, locked: Locked, request: InstallRequest) -> tuple[str, ...]:
        """Return the distributions just installed whose files in uv's cache were edited, after telling so."""
        if request.target:
            sites: Sequence[Path] = (request.target,)
        elif request.prefix:
            sites = tuple(request.prefix.glob("lib*/python*/site-packages"))
        else:
            sites = self.interpreter.site_directories
        names = {package.name for package in locked.lock.packages}
        edited = tuple(name for site in sites for name in edited_elsewhere(site, names))
        if edited and self.notifier:
            self.notifier.note(
                f"edited in another environment, through links into uv's cache: {', '.join(edited)}; unpacking again"
            )
        return edited

    def _install_command(self, lock: Path, scratch: Path, request: InstallRequest) -> list[str]:
        return [
            *self._command("pip", "install", "--requirements", str(lock), "--no-deps"),
            *as_arguments("uv", request, Part.LOCATION, Part.INSTALL), *self._common(request, scratch),
        ]  # fmt: skip

    def _compile_command(self, request: InstallRequest, files: RequirementFiles, output: Path) -> list[str]:
        return [
            *self._command("pip", "compile", str(files.requirements)),
            "--format", "pylock.toml", "--output-file", str(output), "--no-header", *self.elsewhere,
            *given("--constraints", files.constraints), *given("--override", files.overrides),
            *resolver_arguments(request), *self._common(request, files.requirements.parent),
        ]  # fmt: skip

    def _command(self, *words: str) -> list[str]:
        return [str(self.uv), *words, "--python", str(self.interpreter.executable), *PLAIN_OUTPUT]

    def _common(self, request: InstallRequest, scratch: Path) -> list[str]:
        return [
            *verbosity_arguments(request.verbosity), *build_arguments("uv", request.build, scratch),
            *package_config_settings(request), *index_arguments(request.index, self.variables),
        ]  # fmt: skip

    def _without_backends(self, request: InstallRequest, scratch: Path) -> dict[str, str]:
        return {} if request.runs_backends else without_backends(scratch, self.variables)

    def _satisfied(self, request: InstallRequest, files: RequirementFiles, location: list[str], scratch: Path) -> bool:
        # Fast, offline, and correct for installed distributions that the index does not know.
        argv = [
            *self._command("pip", "install", "--dry-run", "--offline", "--requirements", str(files.requirements)),
            *as_arguments("uv", request.build, Part.BUILD), *location, *given("--constraints", files.constraints),
            *(["--no-deps"] if request.no_deps else []),
        ]  # fmt: skip
        started = hosted(self.sandbox, argv, (self._cache, *projects(request)))
        told = {**self._told(request.index), **without_backends(scratch, self.variables)}
        completed = self.runner.capture(started, environment=told)
        return completed.returncode == 0 and "Would make no changes" in completed.stderr

    def _installed(self, location: list[str]) -> list[InstalledDistribution]:
        if location and not Path(location[1]).is_dir():
            return []
        listing = self._inspect("list", "--format", "json", *location)
        frozen = self._inspect("freeze", *location)
        urls = dict(line.split(" @ ", 1) for line in frozen.splitlines() if " @ " in line)
        return [
            InstalledDistribution(
                entry["name"],
                entry["version"],
                Path(entry["editable_project_location"]).as_uri()
                if "editable_project_location" in entry
                else urls.get(entry["name"]),
            )
            for entry in json.loads(listing or "[]")
        ]

    def _inspect(self, command: str, *arguments: str) -> str:
        argv = [*self._command("pip", command), *arguments]
        completed = self.runner.capture(argv, environment=self._told(IndexSettings()))
        return completed.output if completed.returncode == 0 else ""

    @cached_property
    def _cache(self) -> Path:
        """Return uv's cache directory, which its variables and its configuration choose."""
        return cache_directory_of(self.uv, self.runner, self.cache)

    def _told(self, index: IndexSettings) -> dict[str, str]:
        return {**PLAIN_LANGUAGE, **_WHOLE_LINES, **index_variables(index), **self.cache}


def create(parts: FrontendParts) -> UvFrontend:
    """Return the uv frontend. Raises UsageError if uv is not found."""
    if parts.uv is None:
        raise UsageError("uv not found", hint="install uv, or use --frontend pip")
    told = parts.notifier
    cache = variables_for_another(parts.uv, parts.runner, parts.variables, parts.cache / "frontends" / "uv")
    return UvFrontend(
        parts.runner, parts.sandbox, parts.interpreter, parts.variables, parts.uv, notifier=told, cache=cache
    )


def _refuse_what_uv_cannot(request: InstallRequest) -> None:
    resolver_arguments(request)
    for line in request.requirements:
        if line.editable and _REPOSITORY.search(line.text):
            raise UsageError(
                f"{line.origin}: uv cannot install a repository in editable mode: {line.text}",
                hint="clone it and install it with -e PATH, or use --frontend pip",
            )


def _write_preferences(output: Path, installed: Sequence[InstalledDistribution]) -> None:
    # uv reads an existing output file as preferences: pip's "requirement already satisfied".
    output.parent.mkdir(parents=True, exist_ok=True)
    output.unlink(missing_ok=True)
    if installed:
        packages = [{"name": item.name, "version": item.version} for item in installed if item.url is None]
        content = {"lock-version": "1.0", "created-by": "accel-doctor", "packages": packages}
        output.write_text(tomli_w.dumps(content), encoding="utf-8")
