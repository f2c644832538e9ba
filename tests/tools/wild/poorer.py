"""Wheels built without an extension although their source has one to build."""

from __future__ import annotations

import json
import re
import tarfile
from collections.abc import Iterable, Sequence
from pathlib import Path, PurePosixPath
from zipfile import ZipFile

from integration.machine import Machine

# Runs with the environment's Python: of the distributions named, those installed without an extension.
_WITHOUT_EXTENSION = r"""
import json, sys
from importlib.metadata import distribution, PackageNotFoundError
found = []
for name in sys.argv[1:]:
    try:
        files = distribution(name).files or ()
    except PackageNotFoundError:
        continue
    if not any(".so" in file.name for file in files):
        found.append(name)
print(json.dumps(found))
"""
_NATIVE = {".c", ".cc", ".cpp", ".cxx", ".pyx", ".rs", ".f", ".f90"}
_BESIDE = re.compile(r"(?:^|/)(?:tests?|testing|docs?|examples?|benchmarks?|samples?)/", re.IGNORECASE)


def poorer_wheels(where: Machine, python: str, built: Sequence[str], sources: Path) -> list[str]:
    """Return what was built of native code and has no extension; ``sources`` is where the tool keeps sdists."""
    pure = json.loads(where.must(python, "-c", _WITHOUT_EXTENSION, *built))
    archives = [path for path in sources.rglob("*") if path.name.endswith((".tar.gz", ".zip", ".tgz", ".tar.bz2"))]
    return [name for name in pure if any(_is_of(path, name) and _has_native_code(path) for path in archives)]


def _is_of(archive: Path, name: str) -> bool:
    return _normal(archive.name).startswith(f"{_normal(name)}-")


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _has_native_code(archive: Path) -> bool:
    return any(PurePosixPath(name).suffix in _NATIVE and not _BESIDE.search(name) for name in _names(archive))


def _names(archive: Path) -> Iterable[str]:
    if archive.suffix == ".zip":
        with ZipFile(archive) as zipped:
            return zipped.namelist()
    with tarfile.open(archive) as tar:
        return tar.getnames()
