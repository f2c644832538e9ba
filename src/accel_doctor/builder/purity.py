"""Tell whether another interpreter or machine could build a different wheel from a source.

A wheel without binaries can be shared only if every machine would build the same one. Some sources skip their
extension modules without a compiler, or under PyPy; some setup scripts write dependencies that vary with the version
of Python (pip caches wheels per interpreter for that reason: https://github.com/pypa/pip/issues/7296).
"""

from __future__ import annotations

import re
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from functools import partial
from io import BytesIO, FileIO
from pathlib import Path, PurePosixPath
from typing import IO

_COMPILED = frozenset({
    ".asm", ".c", ".cc", ".cpp", ".cu", ".cxx", ".f", ".f77", ".f90", ".f95", ".for", ".go", ".i", ".m", ".mm", ".pxd",
    ".pyx", ".rs", ".s", ".swg", ".zig",
})  # fmt: skip
_ASIDE = frozenset({"bench", "benchmarks", "doc", "docs", "example", "examples", "test", "testing", "tests"})
_SCRIPTS = frozenset({"pyproject.toml", "setup.py", "hatch_build.py", "pdm_build.py", "build.py"})
_ASKS = re.compile(
    rb"version_info|sys\.version|hexversion|python_implementation|sys\.implementation|sys\.platform"
    rb"|\bplatform\.|\bos\.name\b|os\.uname|sys\.maxsize|PY2|PY3|PYPY|\benviron\b|getenv|has_c_compiler"
)
_OWN_BACKEND = re.compile(rb"^\s*backend-path\s*=", re.MULTILINE)
_READ = 1 << 20  # bytes of one script
_MOST_FILES = 100_000

# path inside the source without its top directory, and the first bytes of a build script
_File = tuple[PurePosixPath, bytes]


def built_the_same_everywhere(source: Path) -> bool:
    """Return whether a source (an archive or a directory) seems to build the same wheel everywhere: no code in a
    compiled language, no build script that inspects its environment. In doubt, return False."""
    try:
        return not any(_varies(path, text) for path, text in _files(source))
    except (OSError, EOFError, ValueError, tarfile.TarError, zipfile.BadZipFile, NotImplementedError, RuntimeError):
        return False


def _varies(path: PurePosixPath, text: bytes) -> bool:
    if path.suffix.lower() in _COMPILED and not _ASIDE & set(path.parts[:-1]):
        return True
    return (_OWN_BACKEND if path.name == "pyproject.toml" else _ASKS).search(text) is not None


def _files(source: Path) -> Iterator[_File]:
    if source.is_dir():
        found = _in_directory(source)
    elif zipfile.is_zipfile(source):
        found = _in_zip(source)
    else:
        found = _in_tar(source)
    for count, file in enumerate(found):
        if count >= _MOST_FILES:
            raise ValueError("too many files")
        yield file


def _in_directory(directory: Path) -> Iterator[_File]:
    for path in directory.rglob("*"):
        if ".git" not in path.parts and path.is_file():
            yield _file(PurePosixPath(path.relative_to(directory)), partial(FileIO, path))


def _in_zip(path: Path) -> Iterator[_File]:
    with zipfile.ZipFile(path) as archive:
        for name in archive.namelist():
            yield _file(_inside(name), partial(archive.open, name))


def _in_tar(path: Path) -> Iterator[_File]:
    with tarfile.open(path) as archive:
        for member in archive:
            if member.isfile():
                yield _file(_inside(member.name), partial(archive.extractfile, member))


def _file(path: PurePosixPath, opened: Callable[[], IO[bytes] | None]) -> _File:
    if len(path.parts) != 1 or path.name not in _SCRIPTS:
        return path, b""
    with opened() or BytesIO() as stream:
        return path, stream.read(_READ)


def _inside(name: str) -> PurePosixPath:
    return PurePosixPath(*PurePosixPath(name).parts[1:])
