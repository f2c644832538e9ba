"""The rule directories that authors read and write: a checkout of the project, or the user's own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from accel_doctor.interfaces import PackageNames
from accel_doctor.rulebook.book import Rulebook
from accel_doctor.rulebook.rule_directories import shipped_rules
from accel_doctor.whole_files import replacing

_CASES = "cases"


@dataclass(frozen=True)
class Workplace:
    """Rule directories, lowest first; new rules go to ``own``, new cases to ``cases``."""

    directories: tuple[Path, ...]
    own: Path
    cases: Path
    managers: Mapping[str, PackageNames]

    def rulebook(self, own: Path | None = None) -> Rulebook:
        """Return the merged rules of all directories, with the given one in place of ``own``, if any."""
        directories = [own or directory if directory == self.own else directory for directory in self.directories]
        return Rulebook(directories, self.managers)

    def shown(self, path: Path) -> str:
        """Return a path for complaints: files of the lowest directory are ``rules/NAME``."""
        return f"rules/{path.name}" if path.parent == self.directories[0] else str(path)


def find_workplace(
    chosen: Sequence[Path], user: Path, working: Path, managers: Mapping[str, PackageNames]
) -> Workplace:
    """Return the rule directories for the directory ``working``: inside a checkout, its rules replace the
    shipped ones; the user's directory and the chosen ones override them.

    New rules go to the last chosen one, else to the checkout, else to the user's directory.
    """
    checkout = _checkout(working)
    lowest = checkout / "rules" if checkout else shipped_rules()
    layers = [directory for directory in ([user] if user.is_dir() else []) + [*chosen] if directory != lowest]
    directories = tuple(dict.fromkeys((lowest, *layers)))
    if chosen and not (checkout and chosen[-1] == lowest):
        return Workplace(directories, chosen[-1], chosen[-1] / _CASES, managers)
    if checkout:
        return Workplace(directories, lowest, checkout / "tests/data" / _CASES, managers)
    return Workplace(tuple(dict.fromkeys((*directories, user))), user, user / _CASES, managers)


def _checkout(directory: Path) -> Path | None:
    """Return the checkout of this project that contains a directory; None if there is none."""
    for folder in (directory, *directory.parents):
        if (folder / "rules/symptoms.yaml").is_file() and (folder / "src/accel_doctor").is_dir():
            return folder
    return None


def replace_file(path: Path, content: bytes) -> None:
    """Write a file atomically, creating its directory if needed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with replacing(path) as aside:
        aside.write_bytes(content)
