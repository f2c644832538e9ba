"""Find the index of a release: among those a person built, then among the shipped ones beside this module."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from accel_doctor.fileindex.index_file import FileIndex
from accel_doctor.fileindex.indexed import Release
from accel_doctor.model import Distribution

SHIPPED = Path(__file__).parent / "data"


def find_index(distribution: Distribution, directories: Sequence[Path] = ()) -> FileIndex | None:
    """Return the index of this very release, from ``directories`` first, else a shipped one; None if there is none.

    Never of another release: names move between releases, and derivatives rename and rebuild. IndexFileError for a
    damaged file.
    """
    for name in _names(distribution):
        for directory in (*directories, SHIPPED):
            if (directory / name).is_file():
                return FileIndex.open(directory / name)
    return None


def shipped() -> tuple[Path, ...]:
    """Return the paths of the shipped indexes."""
    return tuple(sorted(SHIPPED.glob("*.index")))


def _names(distribution: Distribution) -> Iterable[str]:
    # Debian testing and unstable carry no VERSION_ID, and both say "<codename of testing>/sid" (base-files).
    rolling = distribution.pretty_name.endswith("/sid") or distribution.codename == "sid"
    version = distribution.version or ("sid" if distribution.id == "debian" and rolling else "")
    parts = version.split(".")
    for count in range(len(parts), 0, -1):  # Alpine's 3.20.3 is served by the lists of 3.20
        name = Release(distribution.id, ".".join(parts[:count])).file_name
        if "/" not in name and not name.startswith("."):
            yield name
