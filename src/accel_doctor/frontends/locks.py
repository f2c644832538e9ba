"""Lock files on disk (PEP 751): read with every path absolute, written for a frontend to install."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import tomli_w
from packaging.pylock import Package, Pylock, PylockValidationError

from accel_doctor.errors import ToolError

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib  # type: ignore[import-not-found, unused-ignore]

_SIZE_LIMIT = 64 << 20  # bytes; a lock of ten thousand packages is under ten megabytes


def read_lock(path: Path) -> Pylock:
    """The lock in ``path``, relative paths made absolute. Raises ToolError where it is no valid lock."""
    try:
        lock = Pylock.from_dict(_load(path))
    except (PylockValidationError, ValueError, OSError) as error:
        raise ToolError(f"the lock {path} is not usable: {error}") from error
    return with_absolute_paths(lock, path.parent)


def with_absolute_paths(lock: Pylock, directory: Path) -> Pylock:
    """The same lock; a path relative to ``directory`` (the lock's own, PEP 751) is absolute."""

    def absolute(part: Any) -> Any:
        if part is None or part.path is None:
            return part
        return replace(part, path=str((directory / part.path).resolve()))

    return replace(lock, packages=[_map_parts(package, absolute) for package in lock.packages])


def write_lock(lock: Pylock, directory: Path) -> Path:
    """Write ``lock`` as ``pylock.toml`` (the name that makes uv and pip read it as a lock) into ``directory``."""
    directory.mkdir(parents=True, exist_ok=True)
    path = directory / "pylock.toml"
    path.write_text(tomli_w.dumps(dict(lock.to_dict())), encoding="utf-8")
    return path


def _map_parts(package: Package, change: Callable[[Any], Any]) -> Package:
    return replace(
        package,
        vcs=change(package.vcs),
        directory=change(package.directory),
        archive=change(package.archive),
        sdist=change(package.sdist),
        wheels=None if package.wheels is None else [change(wheel) for wheel in package.wheels],
    )


def _load(path: Path) -> dict[str, Any]:
    if path.stat().st_size > _SIZE_LIMIT:
        raise ValueError(f"larger than {_SIZE_LIMIT} bytes")
    with path.open("rb") as file:
        content: dict[str, Any] = tomllib.load(file)
    return content
