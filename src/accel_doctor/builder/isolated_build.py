"""Build one wheel by PEP 517: its requirements into an environment of its own, then the backend's hooks in a sandbox.

The requirements are there before the backend is called for, so its hooks have no network.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.metadata import distributions
from pathlib import Path
from typing import cast

from build import BuildBackendException, BuildException, ProjectBuilder, TypoWarning
from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name
from pyproject_hooks import BackendUnavailable

from accel_doctor.builder.crates import manifests
from accel_doctor.builder.metadata_wheels import metadata_wheel
from accel_doctor.builder.preparing import build_environment, prepared
from accel_doctor.builder.wheel_builds import Builds, MadeWheel, Product
from accel_doctor.errors import RequirementsError
from accel_doctor.model.processes import Rights
from accel_doctor.model.requests import BuildSettings, IndexSettings

# Of pyproject.toml's author, not of its user
warnings.simplefilter("ignore", TypoWarning)
_LONGEST_ANSWER = 16 << 20  # bytes of what a hook returns


class _StoppedError(Exception):
    """Tell that a process of the build failed, which said why."""

    def __init__(self, what: str, returncode: int) -> None:
        ending = f"exit status: {returncode}"
        if returncode < 0:
            ending = f"signal: {-returncode}, {signal.Signals(-returncode).name}"
        super().__init__(f"{what} failed ({ending})")
        self.returncode = returncode


@dataclass(frozen=True)
class IsolatedBuild:
    """Build one wheel below the existing directory ``work``; what the build says goes into ``log``, and each line of it
    to ``hear``."""

    shared: Builds
    name: str
    settings: BuildSettings
    index: IndexSettings
    work: Path
    log: Path
    hear: Callable[[str], None]

    def made(self, source: Path, subdirectory: str, what: Product = Product.WHEEL) -> MadeWheel:
        """Return how the build of an archive, or of a subdirectory of a tree, ended."""
        try:
            return self._run(source, subdirectory, what)
        except _StoppedError as stopped:
            return MadeWheel(stopped.returncode)
        except (BuildException, RequirementsError) as error:
            self._say(f"error: {error}")
            return MadeWheel(1)
        except BuildBackendException as failed:
            self._say(_told(failed.exception))
            code = failed.exception.returncode if isinstance(failed.exception, _StoppedError) else 1
            return MadeWheel(code)

    def _run(self, source: Path, subdirectory: str, what: Product) -> MadeWheel:
        for one in (self._room / "home", self._room / "tmp", self._room / "wheel", self._room / "metadata"):
            one.mkdir(parents=True)
        self.shared.bytecode.offer(self._bytecode)
        tree = prepared(source, subdirectory, self.settings.changes, self._room / "source")
        backend = self._backend(tree)
        declared = backend.build_system_requires
        self._install("Installing build requirements", declared)
        self._hand_over(self._room)
        self._fetch_crates(tree)
        options = _config_settings(self.settings.config_settings)
        self._say("Getting requirements to build wheel")
        self._install(
            "Installing further build requirements", backend.get_requires_for_build("wheel", options) - declared
        )
        if what is Product.METADATA and (told := self._metadata(backend, options)):
            return MadeWheel(0, told)
        self._say("Building wheel")
        backend.build("wheel", self._room / "wheel", options)
        return MadeWheel(0, self._only(self._room / "wheel", "*.whl", "wheels"), self._contents())

    def _metadata(self, backend: ProjectBuilder, options: Mapping[str, str | Sequence[str]]) -> Path | None:
        """Return a wheel of the metadata that the backend returned; None if it makes them with wheels only."""
        self._say("Preparing metadata")
        place = self._room / "metadata"
        if backend.prepare("wheel", place, options) is None:
            return None
        try:
            return metadata_wheel(self._only(place, "*.dist-info", "directories of metadata"), self.work)
        except ValueError as error:
            raise RequirementsError(f"refused what the build backend returned: {error}") from error

    def _only(self, directory: Path, pattern: str, what: str) -> Path:
        """Return the one thing that the backend left there, whatever it says that it did."""
        left = [] if directory.is_symlink() else sorted(directory.glob(pattern))
        if len(left) != 1:
            raise RequirementsError(f"the build backend left {len(left)} {what} where one is expected")
        return left[0]

    def _backend(self, tree: Path) -> ProjectBuilder:
        try:
            return ProjectBuilder(tree, str(self._python), self._hook)
        except (ValueError, RecursionError, OSError) as error:
            raise RequirementsError(f"pyproject.toml cannot be used: {error}") from error

    def _say(self, line: str) -> None:
        with self.log.open("a", encoding="utf-8", errors="replace") as file:
            file.write(f"{line}\n")
        self.hear(line)

    @property
    def _room(self) -> Path:
        """Return the one directory that the build may write to."""
        return self.work / "build"

    @property
    def _bytecode(self) -> Path:
        return self._room / "bytecode"

    @property
    def _environment(self) -> Path:
        return self.work / "environment"

    @property
    def _python(self) -> Path:
        isolated = self._environment / "bin" / "python"
        return self.shared.interpreter.executable if self.settings.no_build_isolation else isolated

    def _install(self, doing: str, requirements: set[str]) -> None:
        if self.settings.no_build_isolation or not (requirements or not self._environment.exists()):
            return
        self._say(doing)
        try:
            asked = sorted(str(Requirement(one)) for one in requirements)
        except InvalidRequirement as error:
            raise RequirementsError(f"the source has an invalid build requirement: {error}") from error
        settings = replace(self.settings, waiting=(*self.settings.waiting, self.name))
        done = self.shared.frontend.provision(self._environment, asked, settings, self.index, self.log)
        if done.returncode:
            raise _StoppedError(doing, done.returncode)

    def _fetch_crates(self, tree: Path) -> None:
        """Fetch the crates of Rust code with the network, which the backend does not have. If that fails, cargo says
        in the build what it lacks.

        Nothing of the source has run yet, and cargo takes its configuration from its directory and its home, which
        are empty, so the network is for cargo alone.
        """
        cargo = shutil.which("cargo", path=self.shared.variables.get("PATH"))
        if cargo is None or self.index.offline or self.shared.sandbox.lets_out(self.name):
            return
        rights = Rights(self._readable(), (self._room,), network=True, user=self._tenant(self._room))
        for manifest in manifests(tree):
            self._say(f"Fetching the crates of {manifest.relative_to(tree)}")
            if self._confined((cargo, "fetch", "--manifest-path", str(manifest)), rights, self._room / "home"):
                break

    def _confined(
        self, argv: Sequence[str], rights: Rights, directory: Path, more: Mapping[str, str] | None = None
    ) -> int:
        """Run a command in the sandbox, and return its return code."""
        confined, variables = self.shared.sandbox.command(argv, rights), {**self._variables(), **(more or {})}
        return self.shared.runner.record(
            confined, self.log, environment=variables, directory=directory, on_line=self.hear
        ).returncode

    def _hook(self, cmd: Sequence[str], cwd: str | None = None, extra_environ: Mapping[str, str] | None = None) -> None:
        """Run a hook; the signature is that of pyproject_hooks' runners."""
        python, script, hook, control = cmd
        own = shutil.copy(script, control)  # ours may lie where only we can read
        self._hand_over(Path(control))
        user = self._tenant(Path(control))
        networked = self.shared.sandbox.lets_out(self.name)
        rights = Rights(self._readable(), (self._room, Path(control)), networked, user)
        code = self._confined((python, own, hook, control), rights, Path(cwd or self._room), extra_environ)
        if code:
            raise _StoppedError(f"{hook} of the build backend", code)
        for warning in _warnings_in(Path(control) / "output.json", list if hook.startswith("get_requires") else str):
            self._say(warning)

    def _tenant(self, control: Path) -> tuple[int, int] | None:
        return self.shared.sandbox.tenant((*self._readable(), self._python, self.work, control.parent))

    def _hand_over(self, directory: Path) -> None:
        """Give a directory and all that is in it to the user who runs the hooks."""
        if user := self._tenant(directory):
            for path in (directory, *directory.rglob("*")):
                os.chown(path, *user, follow_symlinks=False)

    def _readable(self) -> tuple[Path, ...]:
        interpreter = self.shared.interpreter
        own = (interpreter.prefix, *interpreter.site_directories) if self.settings.no_build_isolation else ()
        return (*own, interpreter.base_prefix, self.shared.bytecode.place, *([] if own else [self._environment]))

    def _variables(self) -> Mapping[str, str]:
        given, scripts = self.shared.variables, self._python.parent
        home = Path(given.get("HOME") or "/")
        told = {
            "LC_ALL": "C", "LANGUAGE": "", "HOME": str(self._room / "home"), "TMPDIR": str(self._room / "tmp"),
            "PATH": os.pathsep.join([str(scripts), *self._search_path(given)]), "VIRTUAL_ENV": str(scripts.parent),
            "PYTHONPATH": "", "PYTHONHOME": "", "PYTHONNOUSERSITE": "1",
            # The environment is not the build's own: uv shares its files with others.
            "PYTHONPYCACHEPREFIX": str(self._bytecode),
            **({"RUSTUP_HOME": str(home / ".rustup")} if (home / ".rustup").is_dir() else {}),
        }  # fmt: skip
        return build_environment(self.settings.changes, {**told, "CARGO_HOME": f"{told['HOME']}/.cargo"}, given)

    def _search_path(self, given: Mapping[str, str]) -> list[str]:
        """Return the directories on PATH that the hooks can enter: one that they cannot makes a missing program look
        like a forbidden one."""
        user, tenant = self._tenant(self._room), self.shared.sandbox.tenant
        entries = [one for one in given.get("PATH", os.defpath).split(os.pathsep) if os.access(one, os.X_OK)]
        return [one for one in entries if user is None or tenant((Path(one),)) == user]

    def _contents(self) -> tuple[str, ...]:
        places = [str(place) for place in self._environment.glob("lib/python*/site-packages")]
        return tuple(sorted(f"{canonicalize_name(one.name)}=={one.version}" for one in distributions(path=places)))


def _config_settings(lines: Sequence[str]) -> dict[str, str | Sequence[str]]:
    """Return ``KEY=VALUE`` lines by key; a key that is repeated has all its values, as with pip."""
    values: dict[str, list[str]] = {}
    for key, _, value in (line.partition("=") for line in lines):
        values.setdefault(key, []).append(value)
    return {key: found if len(found) > 1 else found[0] for key, found in values.items()}


def _warnings_in(path: Path, expected: type) -> list[str]:
    """Take a backend's warnings, which pyproject_hooks would print, out of a hook's answer, and return them.

    Raises RequirementsError for an answer that is no file of its own, within bounds, or nothing that a hook returns.
    """
    if path.is_symlink() or not path.is_file() or path.stat().st_size > _LONGEST_ANSWER:
        raise RequirementsError("the build backend left no answer, or one that is no regular file or too long")
    try:
        answer = json.loads(path.read_bytes())
        taken = answer.pop("warnings", [])
        value, no_value = answer.get("return_val"), any(map(answer.get, ("unsupported", "no_backend", "hook_missing")))
    except (ValueError, AttributeError, RecursionError) as error:
        raise RequirementsError(f"the build backend's answer cannot be read: {error}") from error
    if not no_value and not (
        isinstance(value, expected) and all(isinstance(one, str) for one in cast("Sequence[object]", value))
    ):
        raise RequirementsError("the build backend returned something else than PEP 517 has it")
    path.write_text(json.dumps(answer), encoding="utf-8")
    found = taken if isinstance(taken, list) else []
    return [f"warning: {one['message']}" for one in found if isinstance(one, dict) and "message" in one]


def _told(error: BaseException) -> str:
    """Return what a failure adds to what the backend printed itself."""
    if isinstance(error, BackendUnavailable):
        return f"{error.traceback}\nerror: the build backend {error.backend_name} is not available"
    return f"error: {error}" if isinstance(error, _StoppedError) else f"error: {type(error).__name__}: {error}"
