"""What a project says of its environment. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any

from accel_doctor.errors import UsageError
from accel_doctor.values import NamedTuple

# Where a project says it, strongest first: file, and the table in it.
PLACES = (
    (".accel-doctor.toml", ("env",)),
    ("accel-doctor.toml", ("env",)),
    ("pyproject.toml", ("tool", "accel-doctor", "env")),
    (".virtualenv_cache.toml", ("virtualenv-cache",)),
)
# What is taken for the lock where nothing is said: the first that is there.
LOCKS = ("pylock.toml", "uv.lock", "poetry.lock", "pdm.lock", "Pipfile.lock", "requirements.txt")

_UNITS = {"": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9, "KIB": 1 << 10, "MIB": 1 << 20, "GIB": 1 << 30}
_SIZE = re.compile(r"([0-9]{1,15})\s*([A-Za-z]*)")
_VARIABLE = re.compile(r"\$(?:(\w+)|\{(\w+)\})", re.ASCII)


class EnvironmentSettings(NamedTuple):
    """The configuration of one project's environment; paths as written, variables expanded."""

    source: str  # the file it is from; "" where there is none
    virtualenv_path: str = ".venv"
    requirements_lock_paths: tuple[str, ...] = ()
    cache_path: str | None = None
    cache_size: int = 20
    max_bytes: int | None = None
    install: tuple[str, ...] = ()


def read_settings(table: Mapping[str, Any], source: str, environment: Mapping[str, str]) -> EnvironmentSettings:
    """The settings in a table. Raises UsageError naming file and key for whatever is wrong."""
    settings = EnvironmentSettings(source)
    for key, value in table.items():
        if key == "source" or key not in EnvironmentSettings._fields:
            known = ", ".join(EnvironmentSettings._fields[1:])
            raise UsageError(f"{source}: unknown key {key!r}", hint=f"known keys: {known}")
        settings = settings._replace(**{key: _value(key, value, source, environment)})
    if settings.cache_size < 1:
        raise UsageError(f"{source}: cache_size: expected a number above 0, got {settings.cache_size}")
    return settings


def lock_paths(settings: EnvironmentSettings, present: Collection[str]) -> tuple[str, ...]:
    """The files whose bytes decide; ``present`` are the names in the project's directory. UsageError for none."""
    if settings.requirements_lock_paths:
        return settings.requirements_lock_paths
    for name in LOCKS:
        if name in present:
            return (name,)
    raise UsageError(
        "nothing says what belongs into the environment",
        hint="accel-doctor env init writes a configuration; name the files in its requirements_lock_paths",
    )


def install_arguments(settings: EnvironmentSettings, paths: Collection[str]) -> tuple[str, ...]:
    """What ``install`` is called with to make the environment. Raises UsageError where that cannot be told."""
    if settings.install:
        return settings.install
    files = [path for path in paths if path.endswith((".txt", ".in"))]
    if len(files) != len(paths):
        other = next(path for path in paths if path not in files)
        where = settings.source or "[tool.accel-doctor.env] of pyproject.toml"
        raise UsageError(
            f"{other} is not a requirements file, so how to install it has to be said",
            hint=f'install = ["-r", "requirements.txt"] in {where}',
        )
    return tuple(word for path in files for word in ("-r", path))


def _value(key: str, value: object, source: str, environment: Mapping[str, str]) -> Any:
    if key in ("requirements_lock_paths", "install"):
        if isinstance(value, list) and all(isinstance(item, str) for item in value):
            return tuple(_expanded(item, source, key, environment) for item in value)
        raise UsageError(f"{source}: {key}: expected a list of texts, got {value!r}")
    if key == "max_bytes" and isinstance(value, str):
        found = _SIZE.fullmatch(value)
        value = int(found[1]) * _UNITS[found[2].upper()] if found and found[2].upper() in _UNITS else value
    if key in ("cache_size", "max_bytes"):
        if isinstance(value, int) and not isinstance(value, bool):
            return value
        raise UsageError(f"{source}: {key}: expected a number, got {value!r}")
    if isinstance(value, str) and value:
        return _expanded(value, source, key, environment)
    raise UsageError(f"{source}: {key}: expected a path, got {value!r}")


def _expanded(text: str, source: str, key: str, environment: Mapping[str, str]) -> str:
    def value_of(found: re.Match[str]) -> str:
        name = found[1] or found[2]
        if name not in environment:
            raise UsageError(f"{source}: {key}: the environment variable {name} is not set")
        return environment[name]

    home = environment.get("HOME", "")
    if text == "~" or text.startswith("~/"):
        text = home + text[1:]
    return _VARIABLE.sub(value_of, text)
