"""The dynamic loader of this machine: its search path, and the file it loads for a soname.

Follows ld.so(8) without running it: LD_LIBRARY_PATH, the cache of ldconfig(8), the default folders.
The search order of the linker is here too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path

from accel_doctor.elf import identity_of
from accel_doctor.interfaces import Runner
from accel_doctor.model.machine import Interpreter, Origin
from accel_doctor.model.needs import UnmetLink
from accel_doctor.model.wheels import Link
from accel_doctor.system.loader.library_versions import LibraryVersions

_PATH_FILE_LIMIT = 64 * 1024  # bytes
_USUAL = ("lib64", "usr/lib64", "lib", "usr/lib")
_MUSL_DEFAULT = ("lib", "usr/local/lib", "usr/lib")


def multiarch_names(interpreter: Interpreter) -> list[str]:
    """Return Debian's names for this architecture (x86_64-linux-gnu), from the end of the interpreter's SOABI."""
    machine = interpreter.platform.partition("-")[2]
    return list(dict.fromkeys([*interpreter.soabi.split("-", 2)[2:], f"{machine}-linux-gnu"]))


def loader_folders(interpreter: Interpreter, root: Path) -> list[Path]:
    """Return the loader's default folders, in order: searched after LD_LIBRARY_PATH and ldconfig's cache."""
    folders = [root / place for place in (*_musl_path(interpreter, root), *_USUAL)]
    folders += [root / base / name for name in multiarch_names(interpreter) for base in ("lib", "usr/lib")]
    if interpreter.origin is Origin.CONDA:  # its interpreters have this in their RPATH, which libraries inherit
        folders.insert(0, interpreter.base_prefix / "lib")
    return folders


def linker_folders(interpreter: Interpreter, root: Path) -> list[Path]:
    """Return the folders that gcc searches for ``-l`` libraries, after LIBRARY_PATH."""
    places = ["usr/local/lib", "usr/local/lib64", *_USUAL]
    bases = ("usr/lib", "lib", "usr/local/lib")
    places += [f"{base}/{name}" for name in multiarch_names(interpreter) for base in bases]
    return [root / place for place in places]


def _musl_path(interpreter: Interpreter, root: Path) -> Sequence[str]:
    """Return musl's /etc/ld-musl-ARCH.path, or its default: https://musl.libc.org/doc/1.1.24/manual.html"""
    if not interpreter.libc.startswith("musl"):
        return ()
    for file in (root / "etc").glob("ld-musl-*.path"):
        with file.open(encoding="utf-8", errors="replace") as lines:
            return [part.lstrip("/") for part in re.split(r"[:\n]", lines.read(_PATH_FILE_LIMIT)) if part]
    return _MUSL_DEFAULT


_TIMEOUT = 20.0

# "	libpq.so.5 (libc6,x86-64) => /lib/x86_64-linux-gnu/libpq.so.5"
_CACHED = re.compile(r"^\t(\S+) \([^)]*\) => (/.+)$", re.MULTILINE)
# The libraries of glibc: all have the version of the release.
_GLIBC = re.compile(r"(?:ld-linux[^/]*|lib(?:c|m|dl|rt|util|pthread|resolv|anl|mvec|nsl|thread_db))\.so\.[0-9]+")
_GLIBC_VERSION = re.compile(r"GLIBC_(\d+)\.(\d+)(?:\.\d+)?")


class MachineLoader:
    """Implement :class:`accel_doctor.interfaces.Loader` for one interpreter; caches answers until :meth:`forget`.

    ``environment`` holds the variables the interpreter will run with: LD_LIBRARY_PATH matters.
    """

    def __init__(
        self,
        runner: Runner,
        interpreter: Interpreter,
        environment: Mapping[str, str],
        root: Path = Path("/"),
        versions: LibraryVersions | None = None,
    ) -> None:
        self._versions = versions or LibraryVersions()
        self._runner = runner
        self._interpreter = interpreter
        self._environment = environment
        self._root = root
        self._found: dict[str, Path | None] = {}

    def find(self, soname: str) -> Path | None:
        """Return the file that the loader loads for a soname or a path; None if it would fail."""
        if soname not in self._found:
            self._found[soname] = next((path for path in self._candidates(soname) if self._fits(path)), None)
        return self._found[soname]

    def any_version(self, library: str) -> Path | None:
        """Return the file of any version of a shared library (``libmagic``) in ldconfig's cache, as
        ``ctypes.util.find_library`` finds it."""
        names = [soname for soname in self._cache if soname.startswith(f"{library}.so")]
        return next((path for name in names for path in self._cache[name] if self._fits(path)), None)

    def unmet(self, links: Sequence[Link]) -> tuple[UnmetLink, ...]:
        result = []
        for link in links:
            path = self.any_version(link.soname) if link.any_version else self.find(link.soname)
            if path is None:
                result.append(UnmetLink(link, ()))
            elif missing := self._missing_versions(link, path):
                result.append(UnmetLink(link, missing))
        return tuple(result)

    def forget(self) -> None:
        self._found.clear()
        self.__dict__.pop("_cache", None)

    def _candidates(self, soname: str) -> Iterator[Path]:
        if "/" in soname:
            yield self._root / soname.lstrip("/")
            return
        for part in re.split("[:;]", self._environment.get("LD_LIBRARY_PATH", "")):
            if part:
                yield Path(part) / soname
        yield from self._cache.get(soname, ())
        for folder in loader_folders(self._interpreter, self._root):
            yield folder / soname

    @cached_property
    def _cache(self) -> Mapping[str, Sequence[Path]]:
        """Return ldconfig's cache, read once; empty if there is none, as with musl."""
        for command in ("/sbin/ldconfig", "ldconfig"):  # ordinary users have no sbin on PATH
            done = self._runner.capture([command, "-p"], timeout=_TIMEOUT)
            if done.returncode == 0:
                found: dict[str, list[Path]] = {}
                for soname, path in _CACHED.findall(done.output):
                    found.setdefault(soname, []).append(self._root / path.lstrip("/"))
                return found
        return {}

    @cached_property
    def _identity(self) -> bytes | None:
        return _identity(self._interpreter.executable)

    def _fits(self, path: Path) -> bool:
        """Return whether it is a library for the interpreter's machine: the loader skips others."""
        identity = _identity(path)
        return identity is not None and self._identity in (None, identity)

    def _missing_versions(self, link: Link, path: Path) -> tuple[str, ...]:
        if not link.versions or self._release_covers(link):
            return ()
        defined = self._versions.of(path)
        # A library without versions is accepted for any: the loader warns and continues (dl-version.c).
        return tuple(version for version in link.versions if version not in defined) if defined else ()

    def _release_covers(self, link: Link) -> bool:
        """Return whether glibc's own version covers all needed versions, which avoids reading a large file."""
        own = re.fullmatch(r"glibc (\d+)\.(\d+)", self._interpreter.libc)
        if not own or not _GLIBC.fullmatch(link.soname):
            return False
        asked = [_GLIBC_VERSION.fullmatch(version) for version in link.versions]
        here = (int(own[1]), int(own[2]))
        return all(version is not None and (int(version[1]), int(version[2])) <= here for version in asked)


def _identity(path: Path) -> bytes | None:
    try:
        if not path.is_file():  # the path comes from a wheel: opening a pipe would block
            return None
        with path.open("rb") as stream:
            return identity_of(stream.read(64))
    except OSError:
        return None
