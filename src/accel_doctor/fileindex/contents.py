"""Collect the files of a distribution that belong in an index, and facts about their packages."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from accel_doctor.fileindex.index_file import Package
from accel_doctor.model.needs import Need, NeedKind


@dataclass
class Collection:
    """The files kept from a distribution's lists, and facts about their packages."""

    locations: dict[tuple[str, str], int] = field(default_factory=dict)  # (directory, packages as listed) -> number
    files: dict[str, set[int]] = field(default_factory=dict)  # file name -> numbers of locations
    development: set[str] = field(default_factory=set)
    services: set[str] = field(default_factory=set)
    uses: Counter[str] = field(default_factory=Counter)
    depends: dict[str, tuple[str, ...]] = field(default_factory=dict)
    with_headers: set[str] = field(default_factory=set)
    provides: dict[str, set[str]] = field(default_factory=dict)  # pkgconfig(x), pc:x -> packages

    def add(self, path: str, packages: Iterable[str]) -> None:
        """Keep a path (no leading slash) that a build could lack, with those of its packages that suit builds."""
        if is_service(path):
            self.services.update(packages)
            return
        if not is_wanted(path):
            return
        suitable = [name for name in packages if is_suitable(name)]
        if not suitable:
            return
        if _INCLUDE.fullmatch(path):
            self.with_headers.update(suitable)
        directory, _, name = path.rpartition("/")
        number = self.locations.setdefault((directory, ",".join(sorted(suitable))), len(self.locations))
        self.files.setdefault(name, set()).add(number)

    def use(self, names: Iterable[str]) -> None:
        """Count one more use of each of these packages or capabilities."""
        self.uses.update(names)

    def settle(self) -> None:
        """Add the uses of a capability to its providers, and those of a package without headers, such as
        ``libboost-dev``, to its dependencies: distributions mark their default version that way."""
        for capability, names in self.provides.items():
            for name in names:
                self.uses[name] += self.uses[capability]
        for _ in range(2):  # gcc, gcc-14, libgcc-14-dev
            passed: dict[str, int] = {}
            for name, uses in self.uses.items():
                if uses and name not in self.with_headers:
                    for other in self.depends.get(name, ()):
                        passed[other] = max(uses, passed.get(other, 0))
            for name, uses in passed.items():
                self.uses[name] = max(uses, self.uses[name])

    def package(self, name: str) -> Package:
        """Return the facts about a package."""
        return Package(name, name in self.development, name in self.services, self.uses[name])


_HEADER_SUFFIXES = frozenset({"", "h", "hh", "hpp", "hxx", "H", "cuh", "mod"})
_TRIPLET = r"[a-z0-9_]+-linux-[a-z0-9]+"
_LIBRARY = re.compile(
    # The linker's own directories, and one level below, where variants of BLAS, MPI and the like are.
    rf"(?:usr/)?lib(?:64)?/(?:{_TRIPLET}/)?(?:[^/]+/)?lib[^/]+\.(?:so|a)"
    rf"|usr/lib/gcc/{_TRIPLET}/[0-9.]+/lib[^/]+\.(?:so|a)"
    rf"|(?:usr/)?lib(?:64)?/(?:{_TRIPLET}/)?lib[^/]+\.so\.[0-9]+"
)
_COMMAND = re.compile(r"(?:usr/)?s?bin/[^/]+")
_PC = re.compile(r"usr/(?:lib(?:64)?|share)/(?:.+/)?pkgconfig/[^/]+\.pc")
_CMAKE = re.compile(r"usr/(?:lib(?:64)?|share)/.+/(?:[^/]+(?:Config|-config)|Find[^/]+)\.cmake")
_INCLUDE = re.compile(r"usr/(?:include|(?:lib(?:64)?|share)/.+/include)/.+")
_SERVICE = re.compile(
    r"etc/(?:init\.d|pam\.d|cron\.[a-z]+|sudoers\.d|xinetd\.d)/.+"
    r"|(?:usr/)?lib/systemd/system/.+\.(?:service|socket|timer)"
    r"|usr/share/dbus-1/system-services/.+"
)
# Files for cross compilation, copies bundled with another program, and CMake's own modules, which do not tell which
# package ships the library they look for.
_ELSEWHERE = re.compile(
    r"mingw|/android/|android-|emscripten|gcc-cross|/gcc/[^/]+/[0-9.]+/plugin/|gocode|/avr|arm-none-eabi"
    r"|usr/share/cmake[^/]*/Modules/|/vendor/|/third_?party/|/bundled/|/site-packages/|/dist-packages/|/node_modules/"
    # Internal headers that installed headers include: a build that lacks these lacks the public header first.
    r"|usr/include/.*/(?:detail|details|impl|internal|private|preprocessed|aux_)/"
    r"|/examples?/|/tests?/|usr/share/doc/|/cargo/registry/|usr/lib/debug/|usr/lib/klibc|usr/lib/ruby/"
)
_UNSUITABLE = re.compile(
    r".*-cross|.*-dbgsym|.*-dbg|.*mingw.*|emscripten.*|android-.*|golang-.*|linux-headers-.*"
    r"|linux-(?:kbuild|image|source)-.*|librust-.*|lib(?:64|32|x32|n32).+-dev(?:-.*)?|libc6-dev-.*|gcc-avr|avr-.*"
    r"|(?!.*x86-64).*-linux-(?:gnu|musl).*|.*-wasm32|.*-unknown-elf.*|.*-none-eabi.*"
    r"|dietlibc-dev|(?:lib)?klibc-dev|musl-dev|(?:lib)?newlib-.*|picolibc-.*|wasi-libc"
    r"|(?:lib)?gnumach.*|(?:lib)?hurd.*|uclibc.*"
)


def is_wanted(path: str) -> bool:
    """Return whether a build could lack this file: a header, a ``.pc`` file, a library's linker name or soname, a
    command, a CMake package. ``path`` has no leading slash."""
    if _INCLUDE.fullmatch(path):
        wanted = path.rpartition("/")[2].rpartition(".")
        suffix = wanted[2] if wanted[1] else ""
        return suffix in _HEADER_SUFFIXES and not _ELSEWHERE.search(path)
    known = _COMMAND.fullmatch(path) or _LIBRARY.fullmatch(path) or _PC.fullmatch(path) or _CMAKE.fullmatch(path)
    return bool(known) and not _ELSEWHERE.search(path)


def covered_file(need: Need) -> str | None:
    """Return the file that meets a need, as messages name it, if an index lists all files of that kind; else None."""
    if not need.file_names or not all(is_wanted(path.lstrip("/")) for path in need.paths):
        return None
    if need.kind is NeedKind.COMMAND and re.match(rf"{_TRIPLET}-", need.name):
        return None  # of a cross compiler, as likely as not
    return need.name if need.kind is NeedKind.HEADER else need.file_names[0]


def is_service(path: str) -> bool:
    """Return whether installing a package with this file starts a service or changes who can log in."""
    return _SERVICE.fullmatch(path) is not None


def is_suitable(package: str) -> bool:
    """Return whether a package suits builds for this machine: no cross compilers, debug symbols, kernel headers."""
    return _UNSUITABLE.fullmatch(package) is None
