"""Read the files of a source that tell what its build needs."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from packaging.version import Version

from accel_doctor.builder.archives import source_files
from accel_doctor.builder.fetch import SourceFetcher
from accel_doctor.diagnosis.sources.compiling import file_to_compile
from accel_doctor.diagnosis.sources.source_reasons import not_importable, source_reasons
from accel_doctor.diagnosis.sources.source_tree import SourceTree
from accel_doctor.errors import NetworkError, RequirementsError
from accel_doctor.lockfile import wheels_of
from accel_doctor.model.builds import Locked, Source, SourceKind
from accel_doctor.model.cures import Reason
from accel_doctor.model.requests import InstallRequest
from accel_doctor.rulebook import Rulebook
from accel_doctor.workers import workers

_BUILD_FILES = frozenset({
    "CMakeLists.txt", "configure.ac", "configure.in", "meson.build", "meson.options", "meson_options.txt",
    "pyproject.toml", "Cargo.toml", "Cargo.lock", "PKG-INFO",
    "METADATA",
})  # fmt: skip
_CODE = frozenset({
    ".c", ".c++", ".cc", ".cmake", ".cpp", ".cxx", ".h", ".hh", ".hpp", ".hxx", ".i", ".in", ".inc", ".py", ".pxd",
    ".pxi", ".pyx",
})  # fmt: skip
_ASIDE = frozenset({"benchmarks", "docs", "examples", "test", "tests"})
_LONGEST = 600_000  # bytes of one file: includes and calls stand in its beginning
_READERS = 4  # threads; each may keep 64 MB of a source in memory
_END_OF_LOG = 64_000  # bytes
_MOST = 64_000_000  # bytes of all


@dataclass(frozen=True)
class SourceTrees:
    """Read sources for one interpreter, by the rules."""

    fetcher: SourceFetcher
    rulebook: Rulebook
    python: str  # "3.13"
    work: Path

    def reasons(self, source: Source, request: InstallRequest, log: Path | None = None) -> list[Reason]:
        """Return what the build of a source needs by its own files, and by the ``log`` of its build; nothing if they
        cannot be read."""
        tree = self._read(source, request)
        if tree is None:
            return []
        compiled = file_to_compile(tree, _end_of(log)) if log else ()
        return source_reasons(tree, source.name, self.rulebook, compiled)

    def not_importable(self, locked: Locked | None, built: Sequence[Source], request: InstallRequest) -> list[Reason]:
        """Return why distributions cannot be imported on this Python, by the modules in their files: sources that were
        ``built``, and of the lock what was asked for and is older than this Python."""
        released = self.rulebook.python_rules.released.get(Version(self.python))
        known = {None, *(source.name for source in built)}
        asked = [line for line in request.requirements if line.name not in known]
        wheels = wheels_of(locked.lock, asked, released) if locked and released else []
        with workers(_READERS, "read") as pool:  # most wait for downloads
            found = list(pool.map(lambda source: self._of_modules(source, request), [*built, *wheels]))
        return [reason for reasons in found for reason in reasons]

    def _of_modules(self, source: Source, request: InstallRequest) -> Sequence[Reason]:
        tree = self._read(source, request)
        return list(not_importable(tree, source.name, self.rulebook.python_rules)) if tree else []

    def _read(self, source: Source, request: InstallRequest) -> SourceTree | None:
        """Return the files of a source; None if they cannot be had or read."""
        if source.kind is SourceKind.VCS:
            return None
        major, minor = map(int, self.python.split("."))
        with suppress(RequirementsError, NetworkError), tempfile.TemporaryDirectory(dir=self.work) as scratch:
            return read_tree(self.fetcher.fetch(source, request.index, Path(scratch)), (major, minor))
        return None


def _end_of(log: Path) -> str:
    with suppress(OSError), log.open("rb") as stream:
        stream.seek(max(stream.seek(0, os.SEEK_END) - _END_OF_LOG, 0))
        return stream.read(_END_OF_LOG).decode("utf-8", "replace")
    return ""


def read_tree(source: Path, python: tuple[int, int] | None = None) -> SourceTree:
    """Read an archive or a directory. Raises RequirementsError if it cannot be read."""
    texts: dict[str, str] = {}
    paths: set[str] = set()
    cut: set[str] = set()
    left = _MOST
    with source_files(source) as files:
        for file in files:
            paths.add(str(file.path))
            if left > 0 and _tells(file.path):
                content = file.start(_LONGEST)
                left -= len(content)
                cut.update([str(file.path)] if file.size > len(content) else [])
                texts[str(file.path)] = content.decode("utf-8-sig", "replace")
    return SourceTree(texts, frozenset(paths), python, frozenset(cut))


def _tells(path: PurePosixPath) -> bool:
    return path.name in _BUILD_FILES or (path.suffix.lower() in _CODE and not _ASIDE & set(path.parts[:-1]))
