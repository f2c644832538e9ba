"""A project that has an environment: its configuration file, its lock files, and the place of the environment."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import tomli

from accel_doctor.errors import UsageError
from accel_doctor.store.environments.environment_key import environment_facts
from accel_doctor.store.environments.environment_settings import (
    PLACES,
    EnvironmentSettings,
    install_arguments,
    lock_paths,
    read_settings,
)
from accel_doctor.store.wheels.build_key import build_environment

_LOCK_LIMIT = 64 << 20  # bytes
# Variables with which the frontends choose what is installed. Those of indexes are not among them: a lock has hashes.
_CHOICES = (
    "PIP_NO_BINARY",
    "PIP_ONLY_BINARY",
    "PIP_CONSTRAINT",
    "UV_NO_BINARY",
    "UV_NO_BINARY_PACKAGE",
    "UV_CONSTRAINT",
)


@dataclass(frozen=True)
class Project:
    """A project: the directory of its configuration, and what that says."""

    directory: Path
    settings: EnvironmentSettings

    @cached_property
    def target(self) -> Path:
        """Return where the environment goes."""
        target = self.directory / self.settings.virtualenv_path
        return Path(os.path.normpath(target.resolve() if target.is_symlink() else target))

    @cached_property
    def lock_paths(self) -> Sequence[str]:
        """Return the files whose bytes decide, relative to the directory. Raise UsageError where there are none."""
        return lock_paths(self.settings, {path.name for path in self.directory.iterdir()})

    def install_arguments(self, refused: Collection[str]) -> Sequence[str]:
        """Return what to call ``install`` with. Raise UsageError where nothing says so, and for an option of
        ``refused`` in the configuration."""
        for word in self.settings.install:
            name = word.partition("=")[0]
            if name.startswith("--") and name.removeprefix("--") in refused:
                raise UsageError(
                    f"{self.settings.source}: install: {name} is not read from a project's files",
                    hint=f"give it on the command line: accel-doctor env sync {name}",
                )
        return install_arguments(self.settings, self.lock_paths)

    def facts(self, machine: Mapping[str, Any], variables: Mapping[str, str]) -> dict[str, Any]:
        """Return what the key is made of, on a machine with these facts and variables. Raise UsageError."""
        return environment_facts(
            {path: hashlib.sha256(self._content(path)).hexdigest() for path in self.lock_paths},
            machine,
            self.settings.install,
            build_environment(variables, "no package")
            | {name: variables[name] for name in _CHOICES if variables.get(name)},
        )

    def named_in_locks(self) -> set[str]:
        """Return the normalized names of distributions in the lock files, as far as a glance tells."""
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


def find_project(directory: Path, named: Path | None, variables: Mapping[str, str]) -> Project:
    """Return the project in a directory, or that of the configuration file ``named``. Raise UsageError."""
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
