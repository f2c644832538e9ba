"""Read what a project's ``pyproject.toml`` says about the project itself."""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from packaging.pylock import Package, PackageDirectory
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import canonicalize_name

from accel_doctor.errors import UsageError
from accel_doctor.requirements.embedded import PROJECT_FILE, parsed

_LIMIT = 4 << 20  # bytes
_NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?")


@dataclass(frozen=True)
class ProjectFile:
    """Hold a project's directory, and its ``pyproject.toml``, parsed; empty if there is none."""

    directory: Path
    document: Mapping[str, Any]

    def table(self, *keys: str) -> Mapping[str, Any]:
        """Return a table of the document; an empty one where there is none."""
        found: Any = self.document
        for key in keys:
            found = found.get(key) if isinstance(found, Mapping) else None
        return found if isinstance(found, Mapping) else {}

    @property
    def name(self) -> str | None:
        """Return the project's name, normalized; None if it has none."""
        for name in (self.table("project").get("name"), self.table("tool", "poetry").get("name")):
            if isinstance(name, str) and _NAME.fullmatch(name):
                return canonicalize_name(name)
        return None

    @property
    def requires_python(self) -> SpecifierSet:
        """Return the versions of Python that the project is for (PEP 621); all of them if it does not say."""
        said = self.table("project").get("requires-python", "")
        with suppress(InvalidSpecifier):
            return SpecifierSet(said if isinstance(said, str) else "")
        return SpecifierSet()

    @property
    def groups(self) -> tuple[str, ...]:
        """Return the names of all groups, of PEP 735 and of Poetry."""
        found = [*self.table("dependency-groups"), *self.table("tool", "poetry", "group")]
        if self.table("tool", "poetry", "dev-dependencies"):
            found.append("dev")
        return tuple(name for name in dict.fromkeys(found) if _NAME.fullmatch(name))

    def as_package(self, *, editable: bool) -> Package:
        """Return the project as a package of a lock. Raises UsageError if it has no name."""
        return directory_package(self.name, self.directory, editable=editable)


def directory_package(name: str | None, directory: Path, *, editable: bool, **more: Any) -> Package:
    """Return a directory as a package of a lock. Raises UsageError if there is no name for it."""
    name = name or read_project(directory).name
    if name is None:
        raise UsageError(f"{directory / PROJECT_FILE}: the project has no name", hint="add it: [project] name = ...")
    return Package(
        name=canonicalize_name(name), directory=PackageDirectory(path=str(directory), editable=editable), **more
    )


def read_project(directory: Path, name: str = PROJECT_FILE) -> ProjectFile:
    """Return the project that a file in a directory describes. Raises UsageError if it cannot be read."""
    path = directory / name
    if not path.is_file():
        return ProjectFile(directory, {})
    try:
        with path.open("rb") as stream:
            content = stream.read(_LIMIT + 1)
        text = content.decode()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"cannot read {path}: {error}") from error
    if len(content) > _LIMIT:
        raise UsageError(f"{path}: larger than {_LIMIT >> 20} MB")
    return ProjectFile(directory, parsed(text, str(path)))
