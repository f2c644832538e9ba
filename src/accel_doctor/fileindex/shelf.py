"""Where indexes are kept: the shipped ones beside this module, those a person built in directories of their own."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from accel_doctor.fileindex.entries import Release
from accel_doctor.fileindex.reading import FileIndex
from accel_doctor.model import Distribution

SHIPPED = Path(__file__).resolve().parent / "data"


def find_index(distribution: Distribution, directories: Sequence[Path] = ()) -> FileIndex | None:
    """The index of this very release, from ``directories`` first, else a shipped one; None where there is none.

    Of no other release: names move between releases, and derivatives rename and rebuild. IndexFileError where the
    file that would serve is not usable.
    """
    for name in _names(distribution):
        for directory in (*directories, SHIPPED):
            path = directory / name
            if path.is_file():
                return FileIndex.open(path)
    return None


def shipped() -> tuple[Path, ...]:
    """The shipped index files."""
    return tuple(sorted(SHIPPED.glob("*.index")))


def _names(distribution: Distribution) -> Iterable[str]:
    # Debian testing and unstable carry no VERSION_ID, and both say "<codename of testing>/sid" (base-files).
    rolling = distribution.pretty_name.endswith("/sid") or distribution.codename == "sid"
    version = distribution.version or ("sid" if distribution.id == "debian" and rolling else "")
    for candidate in dict.fromkeys((version, version.partition(".")[0])):
        name = Release(distribution.id, candidate).file_name
        if "/" not in name and not name.startswith("."):
            yield name
