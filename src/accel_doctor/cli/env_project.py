"""One project's environment: its configuration, its key, its cache."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from accel_doctor.errors import UsageError
from accel_doctor.model.stored_environments import Place
from accel_doctor.store.environments.environment_cache import EnvironmentCache, Limits
from accel_doctor.store.environments.environment_settings import (
    PLACES,
    EnvironmentSettings,
    install_arguments,
    lock_paths,
    read_settings,
)

if TYPE_CHECKING:
    from accel_doctor.store.levels.shared_level import SharedLevel

_LOCK_LIMIT = 64 << 20  # bytes
# What the frontends take for choices of what is installed; indexes are not among them: a lock has hashes.
_CHOICES = (
    "PIP_NO_BINARY",
    "PIP_ONLY_BINARY",
    "PIP_CONSTRAINT",
    "UV_NO_BINARY",
    "UV_NO_BINARY_PACKAGE",
    "UV_CONSTRAINT",
)


def note(text: str) -> None:
    """Something worth a line."""
    click.echo(text, err=True)


class Notes:
    """Implements :class:`accel_doctor.interfaces.Notifier` on stderr."""

    def step(self, text: str) -> None:
        """Tell that something begins."""
        note(text)

    def note(self, text: str) -> None:
        """Tell something worth a line."""
        note(text)


@dataclass(frozen=True)
class Project:
    """A project directory and what was said on the command line."""

    directory: Path
    settings: EnvironmentSettings
    cache: EnvironmentCache
    target: Path
    python: str | None
    environment: Mapping[str, str]
    values: Mapping[str, Any]

    @cached_property
    def interpreter(self) -> Mapping[str, Any]:
        """What the key says of the interpreter, and where it is."""
        from accel_doctor.cli.env_interpreter import base_interpreter, interpreter_facts

        base = base_interpreter(self.python, self.target, self.environment, note)
        return interpreter_facts(base, self.cache.root / "interpreters", self.environment)

    @cached_property
    def lock_paths(self) -> Sequence[str]:
        """The files whose bytes decide, relative to the configuration's directory."""
        return lock_paths(self.settings, {path.name for path in self.directory.iterdir()})

    @cached_property
    def install_arguments(self) -> Sequence[str]:
        """What makes the environment anew; UsageError where nobody said, or where the project says what it must not."""
        from accel_doctor.cli.configuration import NOT_FOR_PROJECTS

        for word in self.settings.install:
            if word.partition("=")[0].removeprefix("--") in NOT_FOR_PROJECTS and word.startswith("--"):
                raise UsageError(
                    f"{self.settings.source}: install: {word.partition('=')[0]} is not read from a project's files",
                    hint="say it on the command line: accel-doctor env sync ...",
                )
        return install_arguments(self.settings, self.lock_paths)

    @cached_property
    def facts(self) -> dict[str, Any]:
        """What the key is made of."""
        from accel_doctor.store.environments.environment_key import environment_facts
        from accel_doctor.store.wheels.build_key import build_environment

        return environment_facts(
            {path: self._digest(path) for path in self.lock_paths},
            self.interpreter["machine"],
            self.settings.install,
            build_environment(self.environment, "no package")
            | {name: self.environment[name] for name in _CHOICES if self.environment.get(name)},
        )

    @cached_property
    def key(self) -> str:
        """Which environment this project needs here."""
        from accel_doctor.store.environments.environment_key import environment_key

        return environment_key(self.facts)

    @property
    def place(self) -> Place:
        """Where it goes, for which interpreter."""
        executable = self.interpreter["executable"]
        return Place(str(self.target), str(Path(executable).parent), executable, self.interpreter["version"])

    @property
    def limits(self) -> Limits:
        """How much the cache keeps."""
        return Limits(self.settings.cache_size, self.settings.max_bytes)

    @cached_property
    def levels(self) -> Sequence[SharedLevel]:
        """The shared levels that were named; none where signatures are required, which environments do not have."""
        from accel_doctor.cli.levels import level_settings

        levels = level_settings(
            {"dry_run": False, **self.values}, self.environment, offline=bool(self.values.get("offline"))
        )
        if not levels.addresses:
            return []
        if levels.require_signature:
            note("environments are not signed: shared levels are not asked for them")
            return []
        return levels.opened(self.environment, self.directory, Notes())[0]

    def _digest(self, path: str) -> str:
        try:
            with (self.directory / path).open("rb") as stream:
                content = stream.read(_LOCK_LIMIT + 1)
        except OSError as error:
            raise UsageError(f"{path} cannot be read: {error.strerror}", hint=self._where()) from error
        if len(content) > _LOCK_LIMIT:
            raise UsageError(f"{path} is larger than {_LOCK_LIMIT} bytes", hint=self._where())
        return hashlib.sha256(content).hexdigest()

    def _where(self) -> str:
        return f"it is in requirements_lock_paths of {self.settings.source or 'no file: it was found'}"


def open_project(values: Mapping[str, Any]) -> Project:
    """The project in the working directory, or of ``--config``. Raises UsageError for what cannot be used."""
    environment = dict(os.environ)
    work = Path(values.get("work_dir") or environment.get("VIRTUALENV_CACHE_WORK_DIR") or ".").absolute()
    named = values.get("config") or environment.get("VIRTUALENV_CACHE_CONFIG_PATH")
    settings, directory = _configured(work, work / named if named else None, environment)
    target = directory / settings.virtualenv_path
    if target.is_symlink():
        target = target.resolve()
    return Project(
        directory=directory,
        settings=settings,
        cache=EnvironmentCache(_cache_root(directory, settings, values, environment), note),
        target=Path(os.path.normpath(target)),
        python=values.get("python"),
        environment=environment,
        values=values,
    )


def _configured(
    directory: Path, named: Path | None, environment: Mapping[str, str]
) -> tuple[EnvironmentSettings, Path]:
    if named and not named.is_file():
        raise UsageError(f"{named}: there is no such file", hint="accel-doctor env init writes one")
    for name, keys in PLACES:
        path = named or directory / name
        table = _read(path)
        for key in keys:
            table = table.get(key, {}) if isinstance(table, dict) else {}
        if isinstance(table, dict) and table:
            return read_settings(table, str(path), environment), path.parent
    if named:
        tables = ", ".join(sorted({f"[{'.'.join(keys)}]" for _, keys in PLACES}))
        raise UsageError(f"{named} says nothing of an environment", hint=f"it needs one of the tables {tables}")
    return EnvironmentSettings(""), directory


def _read(path: Path) -> Any:
    import tomli

    try:
        return tomli.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise UsageError(f"{path} cannot be read: {error}") from error


def _cache_root(
    directory: Path, settings: EnvironmentSettings, values: Mapping[str, Any], environment: Mapping[str, str]
) -> Path:
    from accel_doctor.cli.configuration import cache_directory

    # A directory of our own inside of what the project names: nothing else that is there is ever touched.
    if settings.cache_path and not values.get("cache_dir"):
        return directory / settings.cache_path / "accel-doctor-environments"
    return cache_directory(values.get("cache_dir"), environment) / "environments"
