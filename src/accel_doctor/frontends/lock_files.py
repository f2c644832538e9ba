"""Read and write lock files (PEP 751)."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import Any

import tomli
import tomli_w
from packaging.pylock import Package, Pylock, PylockValidationError

from accel_doctor.errors import ToolError
from accel_doctor.hashing import sha256_of

LOCK_NAME = "pylock.toml"  # uv and pip recognize a lock by this name
_HASH = re.compile(r"sha256:[0-9a-fA-F]{64}|(?!sha256:)[A-Za-z0-9_-]{1,20}:[0-9a-fA-F]{32,128}")
_COMMIT = re.compile(r"[0-9a-fA-F]{40}|[0-9a-fA-F]{64}")  # of SHA-1 and SHA-256
_FILE_URL = re.compile(r"(?:https?|file)://[^\s\0]+", re.IGNORECASE)
# no remote helper (ext::) and no option; user@host:path is ssh
_REPOSITORY_URL = re.compile(
    r"(?:git\+)?(?:https?|ssh|git|file)://(?!-)[^\s\0]+|(?:[\w.]+@)?[\w][\w.-]*:(?!:|//)[^\s\0]+", re.IGNORECASE
)
_NO_OPTION = re.compile(r"(?!-)[^\s\0]+")
_SIZE_LIMIT = 64 << 20  # bytes; a lock of ten thousand packages is under ten megabytes


def read_lock(path: Path) -> Pylock:
    """Return the lock in ``path``, with all paths made absolute. Raises ToolError for an invalid lock."""
    try:
        if path.stat().st_size > _SIZE_LIMIT:
            raise ValueError(f"larger than {_SIZE_LIMIT} bytes")
        lock = _checked(Pylock.from_dict(tomli.loads(path.read_text(encoding="utf-8"))))
    except RecursionError:
        raise ToolError(f"cannot use the lock {path}: nested too deeply") from None
    except (PylockValidationError, ValueError, OSError) as error:
        raise ToolError(f"cannot use the lock {path}: {error}") from error
    return replace(lock, packages=[_absolute(package, path.parent) for package in lock.packages])


def _checked(lock: Pylock) -> Pylock:
    """Return the lock if it keeps what PEP 751 leaves to its readers, which name files and run git with it: the grammar
    of hashes, commits, subdirectories and URLs. Raises ValueError with the package and the field."""
    for package in lock.packages:
        vcs, parts = package.vcs, [package.sdist, package.archive, *(package.wheels or ())]
        for part in (part for part in parts if part):
            for algorithm, digest in part.hashes.items():
                _expect(_HASH, f"{algorithm}:{digest}", package, "hashes")
            _expect(_FILE_URL, part.url, package, "url")
        if vcs:
            _expect(_COMMIT, vcs.commit_id, package, "commit-id")
            _expect(_REPOSITORY_URL, vcs.url, package, "url")
            _expect(_NO_OPTION, vcs.requested_revision, package, "requested-revision")
        for named in (vcs, package.archive, package.directory):
            if named and named.subdirectory is not None and not _stays_below(named.subdirectory):
                raise ValueError(f"{package.name}: subdirectory: leads out of the source: {named.subdirectory[:100]!r}")
    return lock


def _expect(grammar: re.Pattern[str], text: str | None, package: Package, field: str) -> None:
    if text is not None and not grammar.fullmatch(text):
        raise ValueError(f"{package.name}: {field}: malformed: {text[:100]!r}")


def _stays_below(path: str) -> bool:
    parts = PurePosixPath(path)
    return not (parts.is_absolute() or ".." in parts.parts or "\0" in path or "\\" in path)


def keep_lock(lock: Pylock, directory: Path) -> None:
    """Write a lock with absolute paths as :func:`write_lock` does, and also as JSON, which loads a hundred times faster
    than TOML. Upload times, which JSON cannot represent, are left out."""
    path = write_lock(lock, directory)
    content = {"sha256": sha256_of(path), "lock": lock.to_dict()}
    path.with_suffix(".json").write_text(json.dumps(content, default=_json_form), encoding="utf-8")


def kept_lock(directory: Path) -> tuple[Pylock, Path]:
    """Return the lock that :func:`keep_lock` wrote, and the file to install it from. Raises ToolError if missing or
    damaged."""
    path = directory / LOCK_NAME
    try:
        content = json.loads(path.with_suffix(".json").read_bytes())
        if content["sha256"] != sha256_of(path):
            raise ValueError("SHA-256 mismatch")
        return _checked(Pylock.from_dict(content["lock"])), path
    except RecursionError:
        raise ToolError(f"cannot use the lock {path}: nested too deeply") from None
    except (PylockValidationError, ValueError, TypeError, KeyError, OSError) as error:
        raise ToolError(f"cannot use the lock {path}: {error}") from error


def _json_form(value: object) -> None:
    if not isinstance(value, datetime):
        raise TypeError(f"{type(value).__name__} in a lock")


def write_lock(lock: Pylock, directory: Path) -> Path:
    """Write ``lock`` as ``pylock.toml`` into ``directory``."""
    directory.mkdir(parents=True, exist_ok=True)
    path = directory / LOCK_NAME
    path.write_text(tomli_w.dumps(dict(lock.to_dict())), encoding="utf-8")
    return path


def _absolute(package: Package, directory: Path) -> Package:
    """Make a package's paths absolute: in PEP 751 they are relative to the lock's directory."""

    def located(part: Any) -> Any:
        return part if part is None or part.path is None else replace(part, path=str((directory / part.path).resolve()))

    parts = {name: located(getattr(package, name)) for name in ("vcs", "directory", "archive", "sdist")}
    return replace(package, **parts, wheels=package.wheels and [located(wheel) for wheel in package.wheels])
