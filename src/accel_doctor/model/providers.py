"""Who has what a build lacks, as a package manager tells it."""

from __future__ import annotations

from typing import NamedTuple


class Provider(NamedTuple):
    """A package that its package manager says provides a need, and what is known about installing it unasked.

    ``place`` is what it provides: a file's path without the first slash, or a capability such as ``pkgconfig(cairo)``.
    ``development``: its name, its section or, where nothing is split, its headers say that it is there to build with.
    ``service``: its files say that it starts something or lets somebody in. ``source`` is who told: "dnf repoquery".
    """

    name: str
    place: str
    source: str
    development: bool = False
    service: bool = False
