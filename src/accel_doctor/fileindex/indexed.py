"""The packages in an index, and their release."""

from __future__ import annotations

from typing import NamedTuple


class Package(NamedTuple):
    """A package that ships indexed files.

    ``development`` marks a package to build with, ``service`` one that starts something when it is installed; ``uses``
    counts the source packages that build-depend on it, or the closest equivalent.
    """

    name: str
    development: bool = False
    service: bool = False
    uses: int = 0


def named_for_development(package: str) -> bool:
    """Return whether a package has the name of a development package."""
    return package.endswith(("-dev", "-devel", "-static"))


class Release(NamedTuple):
    """The distribution release of an index, as os-release names it."""

    id: str
    version: str

    def __str__(self) -> str:
        return f"{self.id} {self.version}".strip()

    @property
    def file_name(self) -> str:
        """Return the file name of an index of this release."""
        return f"{self.id}-{self.version}.index" if self.version else f"{self.id}.index"
