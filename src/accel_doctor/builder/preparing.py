"""Prepare a copy of a source for a build that cures change: its build requirements, its files, its environment.

The declared build requirements are rewritten rather than only constrained, because a constraint conflicts with what
the source itself pins. The frontend's ordinary isolated build of the copy then does the rest, with uv and pip alike.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import tomli
import tomli_w
from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from accel_doctor.builder.archives import unpack
from accel_doctor.builder.regenerating import regenerated
from accel_doctor.errors import RequirementsError
from accel_doctor.model.cures import BuildChanges, SourceStep, with_variables

# What PEP 517 prescribes for a source without a [build-system] table.
_LEGACY: Mapping[str, Any] = {
    "requires": ["setuptools>=40.8.0", "wheel"],
    "build-backend": "setuptools.build_meta:__legacy__",
}
_LARGEST_PYPROJECT = 1 << 20  # bytes


def prepared(source: Path, changes: BuildChanges, scratch: Path) -> Path:
    """Return a changed copy of ``source``, an archive or a directory, below ``scratch``; ``source`` itself if the
    changes leave it alone.

    Raises RequirementsError for an archive that cannot be unpacked.
    """
    if not changes.of_source:
        return source
    copy = scratch / "changed"
    if source.is_dir():
        shutil.copytree(source, copy, symlinks=True)
    else:
        copy = unpack(source, copy)
    _require(copy, changes)
    return copy


def build_environment(
    changes: BuildChanges, told: Mapping[str, str], inherited: Mapping[str, str]
) -> Mapping[str, str]:
    """Return the variables of a build: those that the frontend is ``told``, and the changed ones."""
    changed = dict(changes.environment)
    before = {name: value for name, value in inherited.items() if name in changed}
    return {**told, **with_variables(before, changed.items())}


def _require(tree: Path, changes: BuildChanges) -> None:
    """Rewrite the build system in a ``pyproject.toml``, which is created if there is none."""
    file = tree / "pyproject.toml"
    document = _read(file)
    system: Mapping[str, Any] = {**_LEGACY, **document.get("build-system", {})}
    for step in changes.steps:
        match step:
            case SourceStep.REGENERATE_CYTHON:
                system = regenerated(tree, system)
    document["build-system"] = {**system, "requires": _requirements(system["requires"], changes)}
    if file.is_symlink():
        file.unlink()
    file.write_text(tomli_w.dumps(document), encoding="utf-8")


def _read(file: Path) -> dict[str, Any]:
    if not file.is_file():
        return {}
    if file.stat().st_size > _LARGEST_PYPROJECT:
        raise RequirementsError(f"pyproject.toml is larger than {_LARGEST_PYPROJECT} bytes")
    try:
        return tomli.loads(file.read_text(encoding="utf-8"))
    except (tomli.TOMLDecodeError, UnicodeDecodeError) as error:
        raise RequirementsError(f"pyproject.toml cannot be read: {error}") from error


def _requirements(declared: Iterable[object], changes: BuildChanges) -> list[str]:
    """Return the declared requirements within the constraints, then the further ones."""
    constrained = _by_name(changes.constraints)
    further = _by_name(changes.requirements)
    result: list[str] = []
    for text in map(str, declared):
        with suppress(InvalidRequirement):
            requirement = Requirement(text)
            name = canonicalize_name(requirement.name)
            if name in constrained and not requirement.url:
                requirement.specifier = _within(requirement.specifier, constrained[name].specifier)
                text = str(requirement)
            if requirement.marker is None:
                further.pop(name, None)
        result.append(text)
    for key, requirement in further.items():
        if key in constrained:
            requirement.specifier = _within(requirement.specifier, constrained[key].specifier)
        result.append(str(requirement))
    return result


def _by_name(texts: Iterable[str]) -> dict[str, Requirement]:
    result: dict[str, Requirement] = {}
    for requirement in map(Requirement, texts):
        name = canonicalize_name(requirement.name)
        if name in result:
            requirement.specifier = _within(result[name].specifier, requirement.specifier)
        result[name] = requirement
    return result


def _within(declared: SpecifierSet, constraint: SpecifierSet) -> SpecifierSet:
    """Return both together; the constraint alone where nothing can satisfy both, as where a source pins a version that
    does not run here."""
    both = declared & constraint
    return both if any(both.contains(version, prereleases=True) for version in _probes(both)) else constraint


def _probes(specifiers: SpecifierSet) -> Iterator[Version]:
    """Yield the versions at, just above and just below each bound: one of them is in any range that is not empty."""
    yield Version("0")
    for specifier in specifiers:
        with suppress(InvalidVersion):
            bound = Version(specifier.version.removesuffix(".*"))
            yield bound
            yield Version(f"{bound.base_version}.0.0.1")
            release = list(bound.release)
            while release and not release[-1]:
                release.pop()
            if release:
                below = [*release[:-1], release[-1] - 1, 999_999]
                yield Version(".".join(map(str, below)))
