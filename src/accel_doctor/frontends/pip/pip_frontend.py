"""Drive pip as frontend: ``pip install --dry-run --report``, ``pip install``.

Not ``pip lock``: it also locks installed distributions, and supports neither ``--user`` nor ``--target``.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from packaging.pylock import Package
from platformdirs import user_cache_path

from accel_doctor.errors import ToolError
from accel_doctor.frontends.choice import FrontendParts
from accel_doctor.frontends.hosted import hosted, projects, unlimited, without_backends
from accel_doctor.frontends.lock_files import write_lock
from accel_doctor.frontends.outcome import PLAIN_LANGUAGE, Blame, conclude, logged, scratch_beside
from accel_doctor.frontends.pip.pip_command import (
    COMMON,
    PrivatePip,
    index_arguments,
    index_variables,
    is_new_enough,
    own_configuration,
)
from accel_doctor.frontends.pip.pip_messages import names_missing, read_pip
from accel_doctor.frontends.pip.pip_report import lock_from_report
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
from accel_doctor.interfaces import Runner, Sandbox
from accel_doctor.lockfile import from_sources
from accel_doctor.model.builds import Failed, Locked
from accel_doctor.model.machine import Interpreter
from accel_doctor.model.processes import Completed
from accel_doctor.model.requests import BuildSettings, IndexSettings, InstallRequest
from accel_doctor.requirements.pip_option_table import Part

_WHEELS_ONLY = InstallRequest((), only_binary=(":all:",))
_DEBUG_LOG_LIMIT = 8 << 20  # bytes


@dataclass(frozen=True)
class PipFrontend:
    """Implement :class:`accel_doctor.interfaces.Frontend` with pip 26.1 or newer: the target's own, or a private one.

    ``left_to_pip`` are the ``PIP_*`` variables of :attr:`Configuration.left_to_pip`.
    """

    runner: Runner
    sandbox: Sandbox
    interpreter: Interpreter
    variables: Mapping[str, str]
    private_pip: PrivatePip
    left_to_pip: Mapping[str, str]

    name = "pip"

    def lock(self, request: InstallRequest, log: Path) -> Locked | Failed:
        """Resolve with a dry run of ``pip install``; the lock leaves out installed distributions that fit."""
        request = with_built(request)
        scratch = scratch_beside(log)
        files = write_requirement_files(scratch, _for_pip(request), per_requirement_options=True)
        report = scratch / "report.json"
        report.unlink(missing_ok=True)
        places = (self._cache, scratch, *projects(request))
        request = without_isolation(request)
        if failed := self._run(self._lock_arguments(request, files, report), request, "resolve", log, places):
            return failed
        try:
            return Locked(from_sources(lock_from_report(report.read_text(encoding="utf-8")), request))
        except OSError as error:
            raise ToolError(f"pip wrote no installation report: {error}", hint=f"full output of pip: {log}") from error

    def provision(
        self, environment: Path, requirements: Sequence[str], build: BuildSettings, index: IndexSettings, log: Path
    ) -> Completed:
        """Make the environment with ``python -m venv``, and fill it with ``pip install``, both quiet but for errors."""
        if not environment.exists():
            argv = [str(self.interpreter.executable), "-m", "venv", "--without-pip", str(environment)]
            made = self.runner.record(argv, log, environment=PLAIN_LANGUAGE)
            if made.returncode:
                return made
        made_for = replace(self.interpreter, executable=environment / "bin" / "python")
        argv = [
            *self._pip(index, log, made_for), "install", "--quiet", *COMMON, "--progress-bar", "off",
            *as_arguments("pip", _WHEELS_ONLY, Part.RESOLVE),
            *required_arguments("pip", requirements, build, environment.parent), *index_arguments(index),
        ]  # fmt: skip
        started = hosted(self.sandbox, argv, (self._cache, environment))
        return self.runner.record(started, log, environment=self._told(index))

    def install(self, locked: Locked, request: InstallRequest, log: Path) -> Failed | None:
        """Install the lock, then the distributions without a hash: directories and repositories.

        Two runs, since one hash makes pip require hashes for everything: it refuses a lock with both kinds.
        """
        without_hash = [package for package in locked.lock.packages if package.directory or package.vcs]
        hashed = [package for package in locked.lock.packages if not (package.directory or package.vcs)]
        runs: list[list[str]] = []
        if hashed:
            path = write_lock(replace(locked.lock, packages=hashed), scratch_beside(log))
            runs.append(["--requirement", str(path)])
        if without_hash:
            runs.append([word for package in without_hash for word in _as_arguments(package)])
        for what in runs:
            if failed := self._run(self._install_arguments(request, log, what), request, "install", log):
                return failed
        return None

    def _lock_arguments(self, request: InstallRequest, files: RequirementFiles, report: Path) -> list[str]:
        upgrade = ["--upgrade", "--upgrade-strategy", request.upgrade_strategy] if request.upgrade else []
        return [
            "install", "--dry-run", "--report", str(report), "--requirement", str(files.requirements),
            *given("--constraint", files.constraints), *upgrade,
            *as_arguments("pip", request, Part.LOCATION, Part.INSTALL, Part.RESOLVE),
            *build_arguments("pip", replace(request.build, config_settings=()), report.parent),
        ]  # fmt: skip

    def _install_arguments(self, request: InstallRequest, log: Path, what: list[str]) -> list[str]:
        return [
            "install", "--no-deps", *what, *as_arguments("pip", request, Part.LOCATION, Part.INSTALL),
            *build_arguments("pip", request.build, scratch_beside(log)),
            # pip leaves existing distributions in a --target directory alone unless told to upgrade.
            *(["--upgrade"] if request.upgrade and request.target else []),
        ]  # fmt: skip

    def _run(
        self,
        arguments: list[str],
        request: InstallRequest,
        step: str,
        log: Path,
        writable: Sequence[Path] | None = None,  # nothing but these, where it resolves
    ) -> Failed | None:
        backends = writable is None or request.runs_backends
        argv = [
            *(self._pip(request.index, log) if backends else self._alone(request.index, log)), *arguments, *COMMON,
            "--progress-bar", "off", *verbosity_arguments(request.verbosity), *index_arguments(request.index),
        ]  # fmt: skip
        started = unlimited(self.sandbox, argv) if writable is None else hosted(self.sandbox, argv, writable)
        told = self._told(request.index)
        if not backends:
            told |= without_backends(scratch_beside(log), self.variables)
        completed, said = logged(self.runner, argv, log, told, started)
        if completed.returncode == 0:
            return None
        verdict = read_pip(said)
        if verdict.blame is Blame.REQUIREMENTS and names_missing(said):
            verdict = read_pip(said, self._debug_log(started, told, scratch_beside(log) / "pip-debug.log"))
        return conclude(verdict, self.name, step, log, completed)

    def _debug_log(self, argv: Sequence[str], told: Mapping[str, str], path: Path) -> str:
        """Return pip's messages about the index pages that it could not fetch.

        This takes a second run, since with ``--log`` the first would not show the output of a failing build.
        """
        path.unlink(missing_ok=True)
        self.runner.capture([*argv, "--retries", "0", "--log", str(path)], environment=told)
        try:
            with path.open("rb") as file:
                return file.read(_DEBUG_LOG_LIMIT).decode("utf-8", "replace")
        except OSError:
            return ""

    def _pip(self, index: IndexSettings, log: Path, other: Interpreter | None = None) -> tuple[str, ...]:
        """Return the argv of a pip that works on the interpreter, or on another one, which has none."""
        if is_new_enough(self.interpreter.pip_version):
            where = ("--python", str(other.executable)) if other else ()
            return (str(self.interpreter.executable), "-m", "pip", *where)
        return self.private_pip.command(other or self.interpreter, index, log)

    def _alone(self, index: IndexSettings, log: Path) -> tuple[str, ...]:
        """Return the argv of a pip whose own Python starts without regard to variables, which those it starts heed."""
        if is_new_enough(self.interpreter.pip_version):
            return (str(self.interpreter.executable), "-E", "-m", "pip")
        return self.private_pip.alone(self.interpreter, index, log)

    @property
    def _cache(self) -> Path:
        """Return pip's cache directory: https://pip.pypa.io/en/stable/topics/caching/."""
        chosen = self.left_to_pip.get("PIP_CACHE_DIR") or self.variables.get("PIP_CACHE_DIR")
        return Path(chosen) if chosen else user_cache_path("pip")

    def _told(self, index: IndexSettings) -> dict[str, str]:
        return {**own_configuration(self.variables, self.left_to_pip), **index_variables(index), **PLAIN_LANGUAGE}


def create(parts: FrontendParts) -> PipFrontend:
    """Return the pip frontend."""
    private = PrivatePip(parts.runner, parts.cache, Path(sys.executable), parts.variables, parts.uv)
    return PipFrontend(
        parts.runner, parts.sandbox, parts.interpreter, parts.variables, private, parts.configuration.left_to_pip
    )


def _for_pip(request: InstallRequest) -> InstallRequest:
    # pip cannot ignore a requirement of a dependency: only direct requirements can be left out. And it applies
    # the --config-settings of its command line only to requirements there, not to those in requirement files.
    settings = request.build.config_settings
    lines = [
        replace(line, config_settings=(*settings, *line.config_settings))
        for line in request.requirements
        if line.name not in request.left_out
    ]
    return replace(request, requirements=tuple(lines))


def _as_arguments(package: Package) -> list[str]:
    if package.directory is not None:
        path = Path(package.directory.path)
        if package.directory.subdirectory:
            path = path / package.directory.subdirectory
        return ["--editable", str(path)] if package.directory.editable else [str(path)]
    vcs = package.vcs
    if vcs is None:
        raise ValueError(f"{package.name}: neither a directory nor a repository")
    location = vcs.url or Path(vcs.path or "").as_uri()
    fragment = f"#subdirectory={vcs.subdirectory}" if vcs.subdirectory else ""
    return [f"{package.name} @ {vcs.type}+{location}@{vcs.commit_id}{fragment}"]
