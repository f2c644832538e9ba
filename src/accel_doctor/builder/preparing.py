"""Prepare a copy of a source for its build, with what cures change: its build requirements, its files, its environment.

The declared build requirements are rewritten rather than only constrained, because a constraint conflicts with what
the source itself pins.
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import tomli
import tomli_w
from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from accel_doctor import older_python
from accel_doctor.builder.archives import unpack
from accel_doctor.builder.regenerating import remove_generated
from accel_doctor.errors import RequirementsError
from accel_doctor.model.constraints import by_name, within
from accel_doctor.model.cures import BuildChanges, SourceStep, with_variables

# What PEP 517 prescribes for a source without a [build-system] table.
_LEGACY: Mapping[str, Any] = {
    "requires": ["setuptools>=40.8.0", "wheel"],
    "build-backend": "setuptools.build_meta:__legacy__",
}
_LARGEST_PYPROJECT = 1 << 20  # bytes
_IN_FRONT = "_backend_in_front"  # setuptools' discovery passes over names with an underscore


def prepared(source: Path, subdirectory: str, changes: BuildChanges, directory: Path) -> Path:
    """Copy ``source``, an archive or a directory, below ``directory``, and return the copy of its ``subdirectory``,
    changed where changes ask for it.

    Raises RequirementsError for an archive that cannot be unpacked.
    """
    if source.is_dir():
        copy = directory / "source"
        shutil.copytree(source, copy, symlinks=True)
    else:
        copy = unpack(source, directory)
    copy /= subdirectory
    if changes.of_source:
        _require(copy, changes)
    return copy


def build_environment(
    changes: BuildChanges, told: Mapping[str, str], inherited: Mapping[str, str]
) -> Mapping[str, str]:
    """Return the variables of a build: those that it is ``told``, and the changed ones."""
    changed = dict(changes.environment)
    before = {name: value for name, value in inherited.items() if name in changed}
    return {**told, **with_variables(before, changed.items())}


def _require(tree: Path, changes: BuildChanges) -> None:
    """Rewrite the build system in a ``pyproject.toml``, which is created if there is none."""
    file = tree / "pyproject.toml"
    document = _read(file)
    system: dict[str, Any] = {**_LEGACY, **document.get("build-system", {})}
    generated: list[tuple[str, str, str]] = []
    for step in changes.steps:
        match step:
            case SourceStep.REGENERATE_CYTHON:
                generated = remove_generated(tree)
            case SourceStep.BUILTINS_MODULE:
                _rewrite(tree / "setup.py", _naming_builtins)
            case SourceStep.OLDER_PYTHON:
                _rewrite(tree / "setup.py", older_python.rewritten)
            case SourceStep.NEWER_PYBIND11:
                pass  # by what is in front of the backend
    system["requires"] = _requirements(system["requires"], changes)
    in_front = bool(generated) or SourceStep.NEWER_PYBIND11 in changes.steps
    if in_front or _asks_while_building(system, changes):
        system |= _put_in_front(tree, system, generated, changes)
    document["build-system"] = system
    if file.is_symlink():
        file.unlink()
    file.write_text(tomli_w.dumps(document), encoding="utf-8")


def _rewrite(script: Path, changed: Callable[[str], str]) -> None:
    if script.is_file():
        text = script.read_bytes().decode("utf-8", "surrogateescape")
        script.unlink()  # it may be a link
        script.write_bytes(changed(text).encode("utf-8", "surrogateescape"))


def _naming_builtins(script: str) -> str:
    """Return a script that sets attributes of the module ``builtins``: only in a program's main file is
    ``__builtins__`` that module, and elsewhere a dictionary."""
    return re.sub(r"\b__builtins__\.", "__import__('builtins').", script)


def _asks_while_building(system: Mapping[str, Any], changes: BuildChanges) -> bool:
    """Return whether the backend may ask for versions that the changes exclude, besides those that are declared."""
    return bool(changes.constraints) and ("setuptools" in system["build-backend"] or "backend-path" in system)


def _put_in_front(
    tree: Path, system: Mapping[str, Any], generated: Sequence[Sequence[str]], changes: BuildChanges
) -> Mapping[str, Any]:
    """Copy the backend that stands in front of the source's own into ``tree``; return what names it."""
    place = tree / _IN_FRONT
    if place.is_symlink() or place.is_file():
        place.unlink()
    place.mkdir(exist_ok=True)
    module = place / f"{_IN_FRONT}.py"
    module.unlink(missing_ok=True)  # the source's may be a link
    module.write_bytes(Path(__file__).with_name("backend_in_front.py").read_bytes())  # not imported: it is for builds
    instead = {name: str(requirement) for name, requirement in by_name(changes.constraints).items()}
    own = {"backend": system["build-backend"], "in_tree": "backend-path" in system}
    pybind11 = SourceStep.NEWER_PYBIND11 in changes.steps
    facts = {**own, "instead": instead, "generated": generated, "pybind11": pybind11}
    (place / "facts.json").write_text(json.dumps(facts), encoding="utf-8")
    return {"build-backend": _IN_FRONT, "backend-path": [_IN_FRONT, *system.get("backend-path", ())]}


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
    constrained = by_name(changes.constraints)
    further = by_name(changes.requirements)
    result: list[str] = []
    for text in map(str, declared):
        with suppress(InvalidRequirement):
            requirement = Requirement(text)
            name = canonicalize_name(requirement.name)
            if name in constrained and not requirement.url:
                requirement.specifier = within(requirement.specifier, constrained[name].specifier)
                text = str(requirement)
            if requirement.marker is None:
                further.pop(name, None)
        result.append(text)
    for key, requirement in further.items():
        if key in constrained:
            requirement.specifier = within(requirement.specifier, constrained[key].specifier)
        result.append(str(requirement))
    return result
