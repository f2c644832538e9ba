"""Things that satisfy a need: system packages, changes to a build, another release."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple

from accel_doctor.model.constraints import joined
from accel_doctor.model.needs import Finding, Need, NeedKind


class Confidence(str, Enum):
    """The way a package was found: a curated rule; the distribution's file list; one guess of several."""

    RULE = "rule"
    INDEX = "index"
    GUESS = "guess"

    @property
    def covered_by_yes(self) -> bool:
        """Return whether ``--yes`` alone covers it."""
        return self is not Confidence.GUESS


class Provider(NamedTuple):
    """A package that provides a need, as its package manager reports, and whether it is safe to install unasked.

    ``place`` is what it provides: a file's path without the first slash, or a capability such as ``pkgconfig(cairo)``.
    ``development``: its name, its section or, where nothing is split, its headers mark it as a development package.
    ``service``: its files start a service or grant access. ``source`` is the command asked: "dnf repoquery".
    """

    name: str
    place: str
    source: str
    development: bool = False
    service: bool = False


@dataclass(frozen=True)
class Reason:
    """Why a need is in a plan: ``finding`` showed it in a log, or ``why`` says how it is known without a log."""

    need: Need
    package: str | None
    finding: Finding | None = None
    why: str | None = None
    version: str | None = None  # of ``package``, if known
    ends_without: bool = False  # the source surely asks for just this, and its build ends where it is not
    outside: bool = False  # and does not make it itself, as it makes some headers

    @property
    def evidence(self) -> str:
        """Return the quoted log line, or, without a log, how the need is known."""
        if self.finding:
            return self.finding.evidence
        return self.why or f"{self.package or 'the build'} needs it to build"


@dataclass(frozen=True)
class PackageChoice:
    """The system packages that satisfy one need here: all of ``packages`` together, or one of ``alternatives``.

    Alternatives are in order of preference. Without packages, only ``advice`` is known.
    """

    need: Need
    packages: tuple[str, ...] = ()
    confidence: Confidence = Confidence.RULE
    source: str = ""  # "rules/debian.yaml"
    alternatives: tuple[tuple[str, ...], ...] = ()
    advice: str | None = None

    @property
    def options(self) -> tuple[tuple[str, ...], ...]:
        """Return the alternative sets of packages that meet the need, the preferred one first."""
        return (self.packages, *self.alternatives) if self.packages else ()


@dataclass(frozen=True)
class SystemPackage:
    """A system package to install, and why it is needed; ``advice`` is what to do after installing it."""

    name: str
    reasons: tuple[Reason, ...]
    confidence: Confidence
    source: str
    alternatives: tuple[tuple[str, ...], ...] = ()
    advice: str | None = None


class SourceStep(str, Enum):
    """A step on a copy of the source before its build; no rule can name another."""

    REGENERATE_CYTHON = "regenerate-cython"  # generate C files again, where the .pyx file is beside them
    OLDER_PYTHON = "older-python"  # give setup.py back what Python's library has lost
    NEWER_PYBIND11 = "newer-pybind11"  # take the headers of the pybind11 installed instead of a copy in the source
    BUILTINS_MODULE = "builtins-module"  # have setup.py set names on the module, where it takes __builtins__ for that


@dataclass(frozen=True)
class BuildChanges:
    """What cures change in the build of one source; part of its build key, except for ``jobs``."""

    constraints: tuple[str, ...] = ()  # on build requirements: "setuptools<58"
    requirements: tuple[str, ...] = ()  # further build requirements: "numpy"
    variables: tuple[tuple[str, str], ...] = ()  # flags (CFLAGS) are added to those that are set already
    jobs: int | None = None  # compile this many files at once
    steps: tuple[SourceStep, ...] = ()

    def __bool__(self) -> bool:
        return self != NO_CHANGES

    @property
    def of_source(self) -> bool:
        """Return whether the source itself is changed: its declared build requirements, or its files."""
        return bool(self.constraints or self.requirements or self.steps)

    def also(self, other: BuildChanges) -> BuildChanges:
        """Return these changes and ``other`` together; constraints that ``other`` excludes give way."""
        return BuildChanges(
            constraints=joined(self.constraints, other.constraints),
            requirements=tuple(dict.fromkeys((*self.requirements, *other.requirements))),
            variables=tuple(with_variables(dict(self.variables), other.variables).items()),
            jobs=min(filter(None, (self.jobs, other.jobs)), default=None),
            steps=tuple(dict.fromkeys((*self.steps, *other.steps))),
        )

    @property
    def environment(self) -> tuple[tuple[str, str], ...]:
        """Return the variables to set for the build, those that limit how much is compiled at once included."""
        if self.jobs is None:
            return self.variables
        return (*self.variables, ("MAKEFLAGS", f"-j{self.jobs}"), *((name, str(self.jobs)) for name in _JOBS))

    @property
    def texts(self) -> tuple[str, ...]:
        """Return one phrase for each change: ``build constraint setuptools<58``, ``CFLAGS=-fcommon``."""
        return (
            *(f"build constraint {constraint}" for constraint in self.constraints),
            *(f"further build requirement {requirement}" for requirement in self.requirements),
            *(f"{name}={value}" for name, value in self.variables),
            *([f"{self.jobs} at once"] if self.jobs else []),
            *(_STEP_TEXTS[step] for step in self.steps),
        )


NO_CHANGES = BuildChanges()
_JOBS = ("MAX_JOBS", "CMAKE_BUILD_PARALLEL_LEVEL", "NPY_NUM_BUILD_JOBS", "CARGO_BUILD_JOBS")
_STEP_TEXTS = {
    SourceStep.REGENERATE_CYTHON: "C code generated again by Cython",
    SourceStep.OLDER_PYTHON: "what Python has lost given back to setup.py",
    SourceStep.NEWER_PYBIND11: "the headers of that pybind11 in place of the source's own",
    SourceStep.BUILTINS_MODULE: "the module builtins instead of __builtins__ in setup.py",
}


def with_variables(variables: Mapping[str, str], changed: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Return ``variables`` with the ``changed`` ones; compiler and linker flags are added, anything else replaced."""
    result = dict(variables)
    for name, value in changed:
        before = result.get(name) if name.endswith("FLAGS") else None
        result[name] = f"{before} {value}" if before and value not in before else before or value
    return result


@dataclass(frozen=True)
class BuildCure:
    """A cure of one build that is no system package: changes to that build, other releases for the resolver, or both.

    ``affects`` says what it may change about what is installed; a cure that cannot change anything has none, and
    ``--yes`` covers it.
    """

    reason: Reason
    changes: BuildChanges = NO_CHANGES
    releases: tuple[str, ...] = ()  # constraints on what is installed: "numpy<2"
    affects: str | None = None
    source: str = ""  # "rules/symptoms.yaml"
    from_source: tuple[str, ...] = ()  # names of distributions that are built here instead of taken as wheels

    @property
    def resolution(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Return what it changes in what is resolved: releases, and names to build from source."""
        return (self.releases, self.from_source)

    @property
    def identity(self) -> tuple[object, ...]:
        """Return what tells whether this cure was tried before: package, need, and what is done."""
        return (self.reason.package, self.reason.need, self.changes, self.resolution)

    @property
    def is_beside(self) -> bool:
        """Return whether it only adds a project to what is installed, for a Python module that is missing."""
        return self.reason.need.kind is NeedKind.PYTHON_MODULE and bool(self.releases) and not self.changes

    @property
    def texts(self) -> tuple[str, ...]:
        """Return one phrase for each thing it does."""
        return texts_of(self.changes, self.releases, self.from_source)


def changes_of(cures: Iterable[BuildCure]) -> BuildChanges:
    """Return what cures change, all together."""
    changes = BuildChanges()
    for cure in cures:
        changes = changes.also(cure.changes)
    return changes


def texts_of(changes: BuildChanges, releases: Sequence[str], from_source: Sequence[str] = ()) -> tuple[str, ...]:
    """Return one phrase for each thing that a cure does."""
    installed = [f"install {release}" for release in releases]
    return (*changes.texts, *installed, *(f"build {name} here" for name in from_source))


Cure = SystemPackage | BuildCure
