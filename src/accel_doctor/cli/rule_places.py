"""Which rules the ``rules`` commands speak of, and where they write: a checkout of the project, or one's own rules."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from accel_doctor.cli.configuration import user_directory

if TYPE_CHECKING:
    from accel_doctor.rulebook import Rulebook

_CASES = "cases"


@dataclass(frozen=True)
class RulePlaces:
    """Directories of rules, lowest first; ``own`` is the one that is written to, ``cases`` where its cases are."""

    directories: tuple[Path, ...]
    own: Path
    cases: Path

    def rulebook(self) -> Rulebook:
        """All of them as one."""
        from accel_doctor.rulebook import Rulebook

        return Rulebook(self.directories)

    def rulebook_with(self, own: Path) -> Rulebook:
        """The same with another directory in place of the one that is written to."""
        from accel_doctor.rulebook import Rulebook

        return Rulebook(tuple(own if directory == self.own else directory for directory in self.directories))

    def shown(self, path: Path) -> str:
        """A path as complaints name it: the lowest directory's files are ``rules/NAME``."""
        return f"rules/{path.name}" if path.parent == self.directories[0] else str(path)


def rule_directories(chosen: tuple[str, ...], environment: Mapping[str, str]) -> list[Path]:
    """The user's directory of rules, if there is one, and those chosen on the command line."""
    own = user_directory(environment) / "rules"
    directories = [own] if own.is_dir() else []
    return [*directories, *(Path(directory).expanduser().absolute() for directory in chosen)]


def rule_places(chosen: tuple[str, ...]) -> RulePlaces:
    """Where rules are: in a checkout its own stand in for the shipped ones; those chosen are laid over them.

    Written is to the last one chosen, else to the checkout, else to the user's directory.
    """
    from accel_doctor.rulebook import shipped_rules

    checkout = _checkout(Path.cwd())
    lowest = checkout / "rules" if checkout else shipped_rules()
    given = [Path(directory).expanduser().absolute() for directory in chosen]
    layers = [directory for directory in rule_directories(chosen, os.environ) if directory != lowest]
    directories = tuple(dict.fromkeys((lowest, *layers)))
    if given and not (checkout and given[-1] == lowest):
        return RulePlaces(directories, given[-1], given[-1] / _CASES)
    if checkout:
        return RulePlaces(directories, lowest, checkout / "tests/data" / _CASES)
    return _users(directories)


def _users(directories: tuple[Path, ...]) -> RulePlaces:
    own = user_directory(os.environ) / "rules"
    return RulePlaces(tuple(dict.fromkeys((*directories, own))), own, own / _CASES)


def _checkout(directory: Path) -> Path | None:
    """The checkout of this project that a directory lies in."""
    for folder in (directory, *directory.parents):
        if (folder / "rules/symptoms.yaml").is_file() and (folder / "src/accel_doctor").is_dir():
            return folder
    return None


def replace_file(path: Path, content: bytes) -> None:
    """Write a file in one move, its directory made where there is none."""
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(f".{path.name}.new")
    aside.write_bytes(content)
    aside.replace(path)
