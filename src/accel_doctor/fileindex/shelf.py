"""Where indexes are kept: the shipped ones beside this module, those a person built in directories of their own."""

from __future__ import annotations

import os.path
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from accel_doctor.fileindex.index_file import FileIndex
from accel_doctor.fileindex.indexed import Release
from accel_doctor.model import Distribution

if TYPE_CHECKING:
    from pathlib import Path

SHIPPED = os.path.join(os.path.dirname(__file__), "data")


def find_index(distribution: Distribution, directories: Sequence[Path] = ()) -> FileIndex | None:
    """The index of this very release, from ``directories`` first, else a shipped one; None where there is none.

    Of no other release: names move between releases, and derivatives rename and rebuild. IndexFileError where the
    file that would serve is not usable.
    """
    for name in _names(distribution):
        paths: list[str | Path] = [directory / name for directory in directories]
        for path in (*paths, os.path.join(SHIPPED, name)):
            if os.path.isfile(path):
                return FileIndex.open(path)
    return None


def shipped() -> tuple[Path, ...]:
    """The shipped index files."""
    from pathlib import Path

    return tuple(sorted(Path(SHIPPED).glob("*.index")))


def _names(distribution: Distribution) -> Iterable[str]:
    # Debian testing and unstable carry no VERSION_ID, and both say "<codename of testing>/sid" (base-files).
    rolling = distribution.pretty_name.endswith("/sid") or distribution.codename == "sid"
    version = distribution.version or ("sid" if distribution.id == "debian" and rolling else "")
    parts = version.split(".")
    for count in range(len(parts), 0, -1):  # Alpine's 3.20.3 is served by the lists of 3.20
        name = Release(distribution.id, ".".join(parts[:count])).file_name
        if "/" not in name and not name.startswith("."):
            yield name
