"""Remember locks: fully pinned requirements are resolved only once.

A lock is remembered only if resolving again cannot change it: the request itself pins every distribution. So a second
installation needs no network at all.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from packaging.pylock import Package
from packaging.tags import Tag

from accel_doctor.errors import AccelDoctorError, RequirementsError, ToolError
from accel_doctor.frontends.lock_files import keep_lock, kept_lock, read_lock
from accel_doctor.interfaces import Frontend
from accel_doctor.lockfile import allowed, chosen_only, is_settled, with_attached
from accel_doctor.model.builds import Failed, Locked
from accel_doctor.model.machine import Interpreter
from accel_doctor.model.processes import Completed
from accel_doctor.model.requests import BuildSettings, IndexSettings, InstallRequest
from accel_doctor.requirements.uv_configuration import uv_configuration_files

LAYOUT = "v1"

# The suffixes of metadata directories; anything else in a site directory is not a distribution.
_METADATA = (".dist-info", ".egg-info", ".egg-link", ".pth", ".egg")
_MOST_ENTRIES = 20_000  # entries of a site directory; a larger one is not searched


@dataclass
class RememberingFrontend:
    """A frontend that keeps locks in ``shelf`` if the request pins everything in them.

    ``tags`` are those the interpreter accepts, ``context`` holds the other inputs of a resolution: the frontend's
    binary, variables and configuration files.
    """

    frontend: Frontend
    shelf: Path
    interpreter: Interpreter
    tags: Sequence[Tag]
    context: Mapping[str, object]
    on_resolving: Callable[[InstallRequest], None] | None = None  # called before the frontend resolves
    _taken: Path | None = field(default=None, init=False)  # location of this run's lock

    @property
    def name(self) -> str:
        return self.frontend.name

    def lock(self, request: InstallRequest, log: Path) -> Locked | Failed:
        """Return the given lock, or the remembered one, or else the frontend's; with what is attached to it."""
        if request.attached:
            outcome = self.lock(replace(request, attached=()), log)
            if isinstance(outcome, Failed):
                return outcome
            lock = with_attached(outcome.lock, request.attached, self.interpreter.environment)
            return replace(outcome, lock=lock, file=None)
        if request.lock is not None:
            return self._given(request.lock, request)
        place = self._place(request)
        if place is None:
            return self._resolve(request, log)
        with contextlib.suppress(ToolError):  # missing or damaged: resolve again
            lock, file = kept_lock(place)
            self._taken = place
            return Locked(lock, remembered=True, file=file)
        outcome = self._resolve(request, log)
        if isinstance(outcome, Locked) and is_settled(outcome.lock, request):
            outcome = Locked(chosen_only(outcome.lock, self.tags, self.interpreter.environment))
            self._keep(outcome, place)
        return outcome

    def provision(
        self, environment: Path, requirements: Sequence[str], build: BuildSettings, index: IndexSettings, log: Path
    ) -> Completed:
        return self.frontend.provision(environment, requirements, build, index, log)

    def install(self, locked: Locked, request: InstallRequest, log: Path) -> Failed | None:
        """Install with the frontend. Forget a remembered lock that can no longer be installed."""
        try:
            return self.frontend.install(locked, request, log)
        except AccelDoctorError:
            if self._taken and not request.index.offline:  # a lock whose files are not here may still be right
                shutil.rmtree(self._taken, ignore_errors=True)
            raise

    def _resolve(self, request: InstallRequest, log: Path) -> Locked | Failed:
        if self.on_resolving:
            self.on_resolving(request)
        return self.frontend.lock(request, log)

    def _given(self, path: Path, request: InstallRequest) -> Locked:
        try:
            lock = read_lock(path)
        except ToolError as error:
            raise RequirementsError(error.message) from error
        lock = chosen_only(allowed(lock, request), self.tags, self.interpreter.environment, request.selection)
        if request.reinstall or request.target or request.prefix or request.user:
            return Locked(lock, remembered=True)
        # Releases already installed in that version are neither built nor fetched.
        there = {name.lower() for name in installed_metadata(self.interpreter.site_directories)}
        packages = [package for package in lock.packages if _metadata_name(package) not in there]
        present = tuple(package.name for package in lock.packages if package not in packages)
        return Locked(replace(lock, packages=packages), remembered=True, present=present)

    def _keep(self, locked: Locked, place: Path) -> None:
        with contextlib.suppress(OSError):  # the next run resolves again
            place.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(dir=place.parent) as scratch:
                keep_lock(locked.lock, Path(scratch))
                for aside in sorted(Path(scratch).iterdir()):
                    aside.replace(place / aside.name)  # a damaged one too

    def _place(self, request: InstallRequest) -> Path | None:
        """Return where the lock of a request is kept; None if the resolution depends on unknown inputs."""
        index = request.index
        if request.upgrade or index.no_cache or request.user or request.prefix:
            return None
        directories = [request.target] if request.target else list(self.interpreter.site_directories)
        installed = list(installed_metadata(directories))
        if not directories or len(installed) > _MOST_ENTRIES:
            return None
        facts = {
            "request": resolved_by(request),
            "installed": sorted(installed),
            "frontend": self.name,
            "interpreter": dict(self.interpreter.environment),
            "tags": hashlib.sha256(" ".join(map(str, self.tags)).encode()).hexdigest(),
            "context": dict(self.context),
        }
        digest = hashlib.sha256(json.dumps(facts, sort_keys=True, default=str).encode()).hexdigest()
        return self.shelf / LAYOUT / digest[:2] / digest


def _metadata_name(package: Package) -> str | None:
    """Return the name of the metadata directory of an installed index release
    (https://packaging.python.org/en/latest/specifications/binary-distribution-format/, The .dist-info directory)."""
    if package.is_direct:
        return None
    return f"{package.name.replace('-', '_')}-{package.version}.dist-info"


def resolved_by(request: InstallRequest) -> str:
    """Return the parts of a request that affect its resolution: not the origin of lines, nor how files are fetched."""
    lines = [[replace(line, origin="") for line in part] for part in (request.requirements, request.constraints)]
    index = replace(request.index, timeout=None, retries=None, offline=False, proxy=None, cert=None, client_cert=None)
    settings = replace(
        request,
        requirements=(),
        constraints=(),
        index=index,
        verbosity=0,
        changes={},
        built={},
        direct={},
        runs_backends=False,
        compile_bytecode=None,
        break_system_packages=False,
    )
    return repr((lines, settings))


def resolution_context(variables: Mapping[str, str], directory: Path, files: Iterable[Path]) -> dict[str, object]:
    """Return the inputs of a resolution besides the request.

    These are variables (``UV_*``, ``PIP_*``), uv's configuration files for ``directory``, and ``files`` (binaries,
    more configuration), each by size and modification time.
    """
    configured = uv_configuration_files(variables, directory)
    return {
        "variables": {name: value for name, value in variables.items() if name.startswith(("UV_", "PIP_"))},
        "files": [(str(path), status) for path in (*configured, *files) if (status := status_of(path))],
    }


def status_of(path: Path) -> tuple[int, int] | None:
    """Return size in bytes and modification time in nanoseconds; None if there is no file."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_size, status.st_mtime_ns


def installed_metadata(directories: Sequence[Path]) -> Iterator[str]:
    """Yield the names of metadata directories, which contain name and version of each installed distribution."""
    for directory in directories:
        with contextlib.suppress(OSError), os.scandir(directory) as entries:
            yield from (entry.name for entry in entries if entry.name.endswith(_METADATA))
