"""Rank the packages that could meet a need, the likeliest first, with a confidence.

Among packages with the same file, the order was measured (docs/explanation/accuracy.md): first the directory that
needs the fewest additions to a search path; then development packages; then the package that most sources use.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Sequence
from enum import IntEnum
from typing import NamedTuple

from accel_doctor.fileindex.index_file import File, FileIndex, Package, named_for_development
from accel_doctor.fileindex.paths import below_commands, below_include, below_libraries, below_pkgconfig
from accel_doctor.model.cures import Confidence, Provider
from accel_doctor.model.needs import Need, NeedKind

# File name -> all files of exactly this name, in an index or in a package manager's answer
_Find = Callable[[str], Sequence[File]]

# How many times more sources must build with the first than with the next for a clear winner, and how far from a
# search path the only file of a name may be.
_DOMINANCE, _FARTHEST = 4, 2
# A well-placed file in a rarely used package is not certain if a common package has the file elsewhere.
_FEW = 5
_MOST_CANDIDATES, _MOST_EQUIVALENTS = 400, 4
# Packages with the very same file of these kinds replace each other, as libjack-jackd2-0 and libjack0 do.
_SAME_FILE = (NeedKind.SONAME, NeedKind.PKGCONFIG)
_COINCIDENCE = 5  # packages with a file of that name, each in its own directory
# Of several packages with the same interface, one is the default; the others remain alternatives.
_SECOND_CHOICES = (
    "gnutls", "-nss-", "mbedtls", "wolfssl", "mpich", "lam4-", "atlas", "blis", "openblas64", "-serial-dev",
    "-openmp-dev", "-gles-",
)  # fmt: skip


class Evidence(IntEnum):
    """A measure of how directly a file answers a need; lower is better."""

    EXACT = 0
    INSTEAD = 1  # a static library for a shared one
    HABIT = 2  # a name that is only usually right: find_package(FOO) is met by foo.pc
    MENTION = 3  # a file about the library: FindFOO.cmake finds FOO but does not contain it


class Candidate(NamedTuple):
    """A package with a file that meets a need, and its ranking criteria."""

    package: Package
    path: str
    evidence: Evidence
    extra_directories: int

    @property
    def rank(self) -> tuple[int, bool, bool, int, bool, int, int, str]:
        """Return the sort key of candidates."""
        name = self.package.name
        second_choice = any(text in name for text in _SECOND_CHOICES)
        return (*self.level, second_choice, -self.package.uses, len(name), name)

    @property
    def level(self) -> tuple[int, bool, bool, int]:
        """Return the part of the rank that does not depend on use by others."""
        extra = self.extra_directories
        return self.evidence, extra > 0, not _for_development(self.package), extra


class Ranking(NamedTuple):
    """The candidates for a need, one per package, the likeliest first; without any, ``confidence`` is meaningless.

    ``source`` is their origin, for messages.
    """

    need: Need
    source: str
    candidates: tuple[Candidate, ...]
    confidence: Confidence

    @property
    def worth_naming(self) -> bool:
        """Return whether the first candidate is more than a coincidence: two hundred packages ship a ``config.h``."""
        if not self.candidates:
            return False
        first, *others = self.candidates
        if self.confidence is Confidence.INDEX:
            return True
        near = [other for other in others if other.level == first.level]
        common = first.extra_directories > 0 and len(near) >= _COINCIDENCE
        return first.evidence < Evidence.MENTION and first.extra_directories <= _FARTHEST and not common

    @property
    def on_the_search_path(self) -> bool:
        """Return whether the first candidate has exactly what is needed, where builds look for it."""
        first = self.candidates[0] if self.candidates else None
        return first is not None and first.evidence is Evidence.EXACT and not first.extra_directories

    @property
    def certain(self) -> bool:
        """Return whether the first candidate has exactly what is needed, alone or clearly before others."""
        exact = bool(self.candidates) and self.candidates[0].evidence is Evidence.EXACT
        return exact and (self.confidence is Confidence.INDEX or self.on_the_search_path)

    @property
    def doubted(self) -> Ranking:
        """Return the ranking as a guess."""
        return self._replace(confidence=Confidence.GUESS)

    def limited_to(self, names: Collection[str]) -> Ranking:
        """Return the ranking of those of its packages that have one of these names."""
        return _ranking(self.need, self.source, (one for one in self.candidates if one.package.name in names))

    @property
    def equivalents(self) -> tuple[str, ...]:
        """Return the packages as good as the first: they ship the same file, or an equally well-placed one."""
        if not self.candidates:
            return ()
        first, *others = self.candidates
        same = [
            other.package.name
            for other in others
            if other.path == first.path or (other.level == first.level and not first.extra_directories)
        ]
        return tuple(same[:_MOST_EQUIVALENTS])


def rank(need: Need, index: FileIndex) -> Ranking:
    """Rank the packages that could meet a need by the file index of a release. Raises IndexFileError."""
    candidates = _candidates(need, index.find)
    if need.kind is NeedKind.LIBRARY:
        candidates += _named(need.name, index)
    if need.any_version:
        candidates = _rooted(index.versions(need.name), below_libraries, Evidence.EXACT)
    return _ranking(need, f"index {index.release}", candidates)


def rank_providers(need: Need, providers: Sequence[Provider]) -> Ranking:
    """Rank the providers that a package manager reported for a need, by the same rules as files of an index."""
    source = providers[0].source if providers else ""
    files: dict[str, list[File]] = {}
    capable: list[Candidate] = []
    for provider in providers:
        # No package manager reports how many sources build with a package: count the one asking.
        package = Package(provider.name, provider.development, provider.service, uses=1)
        directory, slash, name = provider.place.rpartition("/")
        if slash:
            files.setdefault(name, []).append(File(directory, name, (package,)))
        else:  # a capability, such as pkgconfig(x): a convention for libraries
            evidence = Evidence.HABIT if need.kind is NeedKind.LIBRARY else Evidence.EXACT
            capable.append(Candidate(package, provider.place, evidence, 0))
    return _ranking(need, source, [*_candidates(need, lambda name: files.get(name, ())), *capable])


def _ranking(need: Need, source: str, candidates: Iterable[Candidate]) -> Ranking:
    found: dict[str, Candidate] = {}
    for candidate in sorted(candidates, key=lambda candidate: candidate.rank):
        found.setdefault(candidate.package.name, candidate)
    ranked = tuple(found.values())[:_MOST_CANDIDATES]
    return Ranking(need, source, ranked, _confidence(need, ranked))


def _confidence(need: Need, candidates: tuple[Candidate, ...]) -> Confidence:
    if not candidates:
        return Confidence.GUESS
    first, *others = candidates
    if need.kind in _SAME_FILE and "/" in first.path:
        others = [other for other in others if other.path != first.path]
    sure = first.evidence < Evidence.HABIT and _harmless(need, first) and _stands_out(first, others)
    if need.kind is NeedKind.SONAME and not _for_development(first.package):
        # A runtime package must be certain: in a directory that the loader searches, and no other package has the
        # library there; where any version will do, another one is no rival.
        rivals = [other for other in others if other.extra_directories == 0]
        sure = sure and not (rivals and not need.any_version) and not first.level[-1]
    return Confidence.INDEX if sure else Confidence.GUESS


def _harmless(need: Need, candidate: Candidate) -> bool:
    """Return whether its package is safe to install without asking: it has no service, and it is a development package
    or the package of exactly that library."""
    package = candidate.package
    if package.service:
        return False
    if need.kind is NeedKind.COMMAND:
        return package.development
    soname = candidate.path.rpartition("/")[2] if need.any_version else need.name
    return _for_development(package) or (need.kind is NeedKind.SONAME and _named_after(soname, package.name))


def _named_after(soname: str, package: str) -> bool:
    """Return whether a package is named after a shared library: ``lib...`` and the soname's version, as in Debian
    policy 8.1 and in openSUSE (``libpq5``, ``libssl3t64``, ``libhcrypto5t64-heimdal``).

    Modules that change system behavior (``libnss-winbind``) and packages with programs have other names.
    """
    version = soname.rpartition(".so.")[2]
    if not version or version == soname:
        return False
    return re.fullmatch(rf"lib.*?(?<![0-9]){re.escape(version)}(?:t64|[a-z])?(?:-[a-z0-9]+)?", package) is not None


def _stands_out(first: Candidate, others: list[Candidate]) -> bool:
    if any(other.package.uses > _DOMINANCE * (_FEW + first.package.uses) for other in others):
        return False
    rivals = [other for other in others if other.level == first.level]
    if first.extra_directories:
        # Off the search path, another package may be the right one, however many sources use the first.
        rivals = [other for other in others if other.level[:3] == first.level[:3]]
        if any(rival.extra_directories <= first.extra_directories for rival in rivals):
            return False
    if not rivals:
        return first.extra_directories <= _FARTHEST
    return first.package.uses >= _DOMINANCE * (1 + max(other.package.uses for other in rivals))


def _for_development(package: Package) -> bool:
    return package.development or named_for_development(package.name)


def _candidates(need: Need, find: _Find) -> list[Candidate]:
    match need.kind:
        case NeedKind.HEADER:
            return _headers(need.name, find)
        case NeedKind.PKGCONFIG:
            return _rooted(find(f"{need.name}.pc"), below_pkgconfig, Evidence.EXACT)
        case NeedKind.LIBRARY:
            return _libraries(need.name, find)
        case NeedKind.COMMAND:
            return _rooted(find(need.name), below_commands, Evidence.EXACT, elsewhere=False)
        case NeedKind.CMAKE:
            return _cmake(need.name, find)
        case NeedKind.SONAME:
            return _rooted(find(need.name), below_libraries, Evidence.EXACT)
        case NeedKind.FILE:
            files = [file for file in find(need.name.rpartition("/")[2]) if file.path == need.name]
            return _rooted(files, lambda directory: 0, Evidence.EXACT)
        case (
            NeedKind.COMPILER
            | NeedKind.PYTHON_MODULE
            | NeedKind.BUILD_CONSTRAINT
            | NeedKind.RESOURCE
            | NeedKind.NETWORK
        ):
            return []


def _headers(name: str, find: _Find) -> list[Candidate]:
    inner, _, base = name.rpartition("/")

    def below(directory: str) -> int | None:
        if (inner and not f"/{directory}".endswith(f"/{inner}")) or "/pypy" in directory:
            return None  # PyPy has headers with the same names as CPython's; its own builds include them
        return below_include(directory.removesuffix(inner).rstrip("/") if inner else directory)

    return _rooted(find(base), below, Evidence.EXACT, elsewhere=False)


def _libraries(name: str, find: _Find) -> list[Candidate]:
    found = _rooted(find(f"lib{name}.so"), below_libraries, Evidence.EXACT)
    found += _rooted(find(f"lib{name}.a"), below_libraries, Evidence.INSTEAD)
    # A library's common name is often the name of its .pc file, or of its development package.
    for habit in (f"{name}.pc", f"lib{name}.pc"):
        found += _rooted(find(habit), below_pkgconfig, Evidence.HABIT)
    return found


def _named(library: str, index: FileIndex) -> list[Candidate]:
    named = (index.package(f"{prefix}{library}-{ending}") for prefix in ("lib", "") for ending in ("dev", "devel"))
    return [Candidate(package, f"usr/share/doc/{package.name}", Evidence.HABIT, 0) for package in named if package]


def _cmake(name: str, find: _Find) -> list[Candidate]:
    def anywhere(file_name: str, evidence: Evidence, extra: int = 0) -> list[Candidate]:
        # CMake searches lib/cmake/NAME*, share/NAME* and more (cmake-packages(7)): depth says nothing.
        return _rooted(find(file_name), lambda directory: extra, evidence)

    # find_package(NAME) looks for NAMEConfig.cmake and <lower-case name>-config.cmake.
    own = anywhere(f"{name}Config.cmake", Evidence.EXACT) + anywhere(f"{name.lower()}-config.cmake", Evidence.EXACT)
    # A package that no other source builds with is likely a private copy of a big project.
    found = [item if item.package.uses else item._replace(evidence=Evidence.HABIT, extra_directories=2) for item in own]
    lower = name.lower()
    for extra, habit in ((0, f"lib{lower}.so"), (0, f"lib{lower}.pc"), (1, f"{name}.pc"), (1, f"{lower}.pc")):
        found += anywhere(habit, Evidence.HABIT, extra)
    return found + anywhere(f"Find{name}.cmake", Evidence.MENTION)


def _rooted(
    files: Sequence[File], below: Callable[[str], int | None], evidence: Evidence, *, elsewhere: bool = True
) -> list[Candidate]:
    result: list[Candidate] = []
    for file in files:
        extra = below(file.directory)
        if extra is None and elsewhere:
            extra = file.path.count("/")
        if extra is not None:
            result.extend(Candidate(package, file.path, evidence, extra) for package in file.packages)
    return result
