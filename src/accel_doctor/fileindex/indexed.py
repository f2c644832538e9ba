"""What an index tells of: packages, and the release they belong to."""

from __future__ import annotations

from typing import NamedTuple


class Package(NamedTuple):
    """A package that ships indexed files.

    ``development`` says that it is there to build with, ``service`` that it starts something or runs on its own;
    ``uses`` counts the source packages that name it as a build dependency, or what comes closest to that.
    """

    name: str
    development: bool = False
    service: bool = False
    uses: int = 0


def named_for_development(package: str) -> bool:
    """Whether a package is called as those are that are there to build with."""
    return package.endswith(("-dev", "-devel", "-static"))


class Release(NamedTuple):
    """The distribution release an index was made from, as os-release names it."""

    id: str
    version: str

    def __str__(self) -> str:
        return f"{self.id} {self.version}".strip()

    @property
    def file_name(self) -> str:
        """What an index of this release is called."""
        return f"{self.id}-{self.version}.index" if self.version else f"{self.id}.index"
