"""A project with an environment: its configuration file, its lock files, and the path of the environment."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from functools import cached_property
from pathlib import Path
from typing import Any

import tomli

from accel_doctor.errors import UsageError
from accel_doctor.requirements.other_files import OtherFile, other_file
from accel_doctor.store.build_variables import build_variables
from accel_doctor.store.environments.environment_cache import environment_facts
from accel_doctor.units import SIZE

# Where a project configures them, first match wins: the file, and the table in it.
PLACES = (
    (".accel-doctor.toml", ("env",)),
    ("accel-doctor.toml", ("env",)),
    ("pyproject.toml", ("tool", "accel-doctor", "env")),
    (".virtualenv_cache.toml", ("virtualenv-cache",)),
)
# Without requirements_lock_paths, the first of these that exists is the lock file.
LOCKS = ("pylock.toml", "uv.lock", "poetry.lock", "pdm.lock", "Pipfile.lock", "requirements.txt")

_USUAL = (("requirements.txt", '["-r", "requirements.txt"]'), ("pyproject.toml", '["-e", "."]'))

_VARIABLE = re.compile(r"\$(?:(\w+)|\{(\w+)\})", re.ASCII)
_LOCK_LIMIT = 64 << 20  # bytes
# Variables that change what the frontends install. Those of indexes are not among them: a lock has hashes.
_CHOICES = (
    "PIP_NO_BINARY",
    "PIP_ONLY_BINARY",
    "PIP_CONSTRAINT",
    "UV_NO_BINARY",
    "UV_NO_BINARY_PACKAGE",
    "UV_CONSTRAINT",
)


@dataclass(frozen=True)
class EnvironmentSettings:
    """The configuration of one project's environment; paths as written, variables expanded."""

    source: str  # the file they come from; "" for none
    virtualenv_path: str = ".venv"
    requirements_lock_paths: tuple[str, ...] = ()
    cache_path: str | None = None
    cache_size: int = 20
    max_bytes: int | None = None
    install: tuple[str, ...] = ()


@dataclass(frozen=True)
class Project:
    """A project: the directory of its configuration, and its settings."""

    directory: Path
    settings: EnvironmentSettings

    @cached_property
    def target(self) -> Path:
        """Return the path of the environment. Raise UsageError."""
        target = below(self.directory, self.settings.virtualenv_path, f"{self.source}: virtualenv_path")
        return Path(os.path.normpath(target.resolve() if target.is_symlink() else target))

    @property
    def cache_path(self) -> Path | None:
        """Return the directory for the project's own cache, if it has one. Raise UsageError."""
        chosen = self.settings.cache_path
        return below(self.directory, chosen, f"{self.source}: cache_path") if chosen else None

    @cached_property
    def lock_paths(self) -> Sequence[str]:
        """Return the files that determine the key, relative to the directory. Raise UsageError if there are none."""
        configured = self.settings.requirements_lock_paths
        found = configured or [name for name in LOCKS if (self.directory / name).exists()][:1]
        if not found:
            raise UsageError(
                f"no lock file found: none of {', '.join(LOCKS)}",
                hint="run accel-doctor env init, then list your files in requirements_lock_paths",
            )
        for name in found:
            below(self.directory, name, f"{self.source}: requirements_lock_paths")
        return found

    @property
    def source(self) -> str:
        """Return the file that holds the settings, or could."""
        return self.settings.source or "[tool.accel-doctor.env] of pyproject.toml"

    @property
    def synced_lock(self) -> Path | None:
        """Return the lock file to have its own tool read, if there is no other and the settings do not say how to
        install. Raise UsageError."""
        kind = other_file(self.lock_paths[0])
        alone = not self.settings.install and len(self.lock_paths) == 1
        return self.directory / self.lock_paths[0] if alone and kind and kind.is_synced else None

    def install_arguments(self) -> Sequence[str]:
        """Return the arguments for ``install``, unchecked. Raise UsageError if neither settings nor lock files give
        any."""
        if self.settings.install or self.synced_lock:
            return self.settings.install
        for path in self.lock_paths:
            if kind := other_file(path):
                raise UsageError(f"{path} is {kind.what}, which install does not read", hint=self._instead_of(kind))
        return [word for path in self.lock_paths for word in ("-r", path)]

    def _instead_of(self, kind: OtherFile) -> str:
        """Return how to install what a lock file says that is not read here."""
        here = [words for name, words in _USUAL if (self.directory / name).exists()]
        given = f"set how to install it: install = {here[0] if here else '[...]'} in {self.source}"
        return f"write one that it reads: {kind.export}; or {given}" if kind.export else given

    def facts(self, machine: Mapping[str, Any], variables: Mapping[str, str]) -> dict[str, Any]:
        """Return the facts of the key, on a machine with these facts and variables. Raise UsageError."""
        return environment_facts(
            {path: hashlib.sha256(self._content(path)).hexdigest() for path in self.lock_paths},
            machine,
            self.settings.install,
            build_variables(variables, "no package")
            | {name: variables[name] for name in _CHOICES if variables.get(name)},
        )

    def named_in_locks(self) -> set[str]:
        """Return the normalized names of distributions in the lock files, by a rough scan."""
        names: set[str] = set()
        for path in self.lock_paths:
            text = self._content(path).decode(errors="replace")
            found = re.findall(r'^(?:name\s*=\s*"|\s*")?([A-Za-z0-9][A-Za-z0-9._-]*)', text, re.MULTILINE)
            names |= {re.sub(r"[-_.]+", "-", name).lower() for name in found}
        return names

    def _content(self, path: str) -> bytes:
        listed = f"it is listed in requirements_lock_paths of {self.settings.source}" if self.settings.source else None
        try:
            with (self.directory / path).open("rb") as stream:
                content = stream.read(_LOCK_LIMIT + 1)
        except OSError as error:
            raise UsageError(f"cannot read {path}: {error.strerror}", hint=listed) from error
        if len(content) > _LOCK_LIMIT:
            raise UsageError(f"{path}: larger than {_LOCK_LIMIT >> 20} MiB", hint=listed)
        return content


def below(directory: Path, path: str, key: str) -> Path:
    """Return a path that a project's file names, relative to the project's ``directory``. Raise UsageError, with its
    ``key``, if it leads out of the project, by itself or by symlinks."""
    top, place = Path(os.path.realpath(directory)), directory / path
    real = Path(os.path.realpath(place))
    if real == top or not real.is_relative_to(top):
        raise UsageError(f"{key}: {path} is not below the project", hint=f"choose a path below {directory}")
    return place


def find_project(directory: Path, named: Path | None, variables: Mapping[str, str]) -> Project:
    """Return the project in a directory, or the one of the configuration file ``named``. Raise UsageError."""
    if named and not named.is_file():
        raise UsageError(f"{named}: no such file", hint="accel-doctor env init writes one")
    for name, keys in PLACES:
        path = named or directory / name
        table = _read(path)
        for key in keys:
            table = table.get(key, {}) if isinstance(table, dict) else {}
        if isinstance(table, dict) and table:
            return Project(path.parent, read_settings(table, str(path), variables))
    if named:
        tables = ", ".join(sorted({f"[{'.'.join(keys)}]" for _, keys in PLACES}))
        raise UsageError(f"{named}: no environment configured", hint=f"it needs one of the tables {tables}")
    return Project(directory, EnvironmentSettings(""))


def _read(path: Path) -> Any:
    try:
        return tomli.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}") from error
    except ValueError as error:
        raise UsageError(f"{path} is not valid TOML: {error}") from error


def read_settings(table: Mapping[str, Any], source: str, variables: Mapping[str, str]) -> EnvironmentSettings:
    """Parse the settings in a table. Raise UsageError, with the file and the key, for a mistake in it."""
    known = [field.name for field in fields(EnvironmentSettings) if field.name != "source"]
    values = {}
    for key, value in table.items():
        if key not in known:
            raise UsageError(f"{source}: unknown key {key!r}", hint=f"known keys: {', '.join(known)}")
        values[key] = _value(key, value, source, variables)
    settings = EnvironmentSettings(source, **values)
    if settings.cache_size < 1:
        raise UsageError(f"{source}: cache_size: expected a number above 0, got {settings.cache_size}")
    return settings


def _value(key: str, value: object, source: str, variables: Mapping[str, str]) -> Any:
    if key in ("requirements_lock_paths", "install"):
        if isinstance(value, list) and all(isinstance(item, str) for item in value):
            return tuple(_expanded(item, source, key, variables) for item in value)
        raise UsageError(f"{source}: {key}: expected a list of strings, got {value!r}")
    if key == "max_bytes" and isinstance(value, str):
        try:
            return int(SIZE.parse(value))
        except ValueError as error:
            raise UsageError(f"{source}: {key}: {error}") from None
    if key in ("cache_size", "max_bytes"):
        if isinstance(value, int) and not isinstance(value, bool):
            return value
        raise UsageError(f"{source}: {key}: expected a number, got {value!r}")
    if isinstance(value, str) and value:
        return _expanded(value, source, key, variables)
    raise UsageError(f"{source}: {key}: expected a path, got {value!r}")


def _expanded(text: str, source: str, key: str, variables: Mapping[str, str]) -> str:
    def value_of(found: re.Match[str]) -> str:
        name = found[1] or found[2]
        if name not in variables:
            raise UsageError(f"{source}: {key}: the environment variable {name} is not set")
        return variables[name]

    home = variables.get("HOME", "")
    if text == "~" or text.startswith("~/"):
        text = home + text[1:]
    return _VARIABLE.sub(value_of, text)
