"""Find rule files in their directories."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from accel_doctor.rulebook.yaml_reading import Node, read

SYMPTOMS, PYTHON = "symptoms.yaml", "python.yaml"
_ID = re.compile(r"[a-z0-9][a-z0-9._-]*")  # os-release(5), ID


def shipped_rules() -> Path:
    """Return the directory of the shipped rules: inside the package, or the ``rules/`` of a checkout."""
    package = Path(__file__).resolve().parent.parent
    packaged = package / "_rules"
    return packaged if packaged.is_dir() else package.parent.parent / "rules"


class RuleDirectories:
    """Directories of rule files, lowest first."""

    def __init__(self, directories: Sequence[Path]) -> None:
        self._directories = tuple(directories)

    def read(self, file: str, problems: list[str]) -> list[Node]:
        """Read the files of this name, lowest first, leaving out invalid ones."""
        tops = []
        for number, directory in enumerate(self._directories):
            path = directory / file
            if path.is_file():
                top = read(path, f"rules/{file}" if number == 0 else str(path), problems)
                if top:
                    tops.append(replace(top, shipped=directory == shipped_rules()))
        return tops

    def families(self) -> tuple[str, ...]:
        """Return the names of all families with a file, sorted."""
        names = {path.stem for directory in self._directories for path in directory.glob("*.yaml")}
        return tuple(sorted(names - {Path(SYMPTOMS).stem, Path(PYTHON).stem}))

    def has_family(self, name: str) -> bool:
        """Return whether a family of this name has a file."""
        return is_family(name) and any((directory / f"{name}.yaml").is_file() for directory in self._directories)

    def families_mentioning(self, identifier: str) -> tuple[str, ...]:
        """Return the families whose files contain a word: parsing them all to find one derivative is slow."""
        word = re.compile(rf"(?<![a-z0-9._-]){re.escape(identifier)}(?![a-z0-9._-])")
        names = []
        for directory in self._directories:
            for path in sorted(directory.glob("*.yaml")):
                if is_family(path.stem) and word.search(path.read_text("utf-8", "replace")):
                    names.append(path.stem)
        return tuple(dict.fromkeys(names))


def is_family(name: str) -> bool:
    """Return whether this is a valid name for a family."""
    return _ID.fullmatch(name) is not None and f"{name}.yaml" not in (SYMPTOMS, PYTHON)
