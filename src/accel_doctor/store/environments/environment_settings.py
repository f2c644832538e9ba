"""The settings of a project's environment, as its configuration file has them. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, fields
from typing import Any

from accel_doctor.errors import UsageError
from accel_doctor.units import SIZE

# Where a project keeps them, first match wins: the file, and the table in it.
PLACES = (
    (".accel-doctor.toml", ("env",)),
    ("accel-doctor.toml", ("env",)),
    ("pyproject.toml", ("tool", "accel-doctor", "env")),
    (".virtualenv_cache.toml", ("virtualenv-cache",)),
)
# Without requirements_lock_paths, the first of these that exists is the lock file.
LOCKS = ("pylock.toml", "uv.lock", "poetry.lock", "pdm.lock", "Pipfile.lock", "requirements.txt")

_VARIABLE = re.compile(r"\$(?:(\w+)|\{(\w+)\})", re.ASCII)


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


def read_settings(table: Mapping[str, Any], source: str, variables: Mapping[str, str]) -> EnvironmentSettings:
    """Return the settings in a table. Raise UsageError, with the file and the key, for a mistake in it."""
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


def lock_paths(settings: EnvironmentSettings, present: Collection[str]) -> tuple[str, ...]:
    """Return the lock files; ``present`` are the names in the project's directory. Raise UsageError for none."""
    if settings.requirements_lock_paths:
        return settings.requirements_lock_paths
    for name in LOCKS:
        if name in present:
            return (name,)
    raise UsageError(
        f"no lock file found: none of {', '.join(LOCKS)}",
        hint="run accel-doctor env init, then list your files in requirements_lock_paths",
    )


def install_arguments(settings: EnvironmentSettings, paths: Collection[str]) -> tuple[str, ...]:
    """Return the arguments for ``install``. Raise UsageError where neither settings nor lock files imply them."""
    if settings.install:
        return settings.install
    files = [path for path in paths if path.endswith((".txt", ".in"))]
    if len(files) != len(paths):
        other = next(path for path in paths if path not in files)
        where = settings.source or "[tool.accel-doctor.env] of pyproject.toml"
        raise UsageError(
            f"{other} is not a requirements file: set how to install it",
            hint=f'for example, install = ["-r", "requirements.txt"] in {where}',
        )
    return tuple(word for path in files for word in ("-r", path))


def _value(key: str, value: object, source: str, variables: Mapping[str, str]) -> Any:
    if key in ("requirements_lock_paths", "install"):
        if isinstance(value, list) and all(isinstance(item, str) for item in value):
            return tuple(_expanded(item, source, key, variables) for item in value)
        raise UsageError(f"{source}: {key}: expected a list of strings, got {value!r}")
    if key == "max_bytes" and isinstance(value, str):
        return _size(key, value, source)
    if key in ("cache_size", "max_bytes"):
        if isinstance(value, int) and not isinstance(value, bool):
            return value
        raise UsageError(f"{source}: {key}: expected a number, got {value!r}")
    if isinstance(value, str) and value:
        return _expanded(value, source, key, variables)
    raise UsageError(f"{source}: {key}: expected a path, got {value!r}")


def _size(key: str, value: str, source: str) -> int:
    try:
        return int(SIZE.parse(value))
    except ValueError as error:
        raise UsageError(f"{source}: {key}: {error}") from None


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
