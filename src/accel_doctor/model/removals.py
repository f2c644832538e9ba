"""Describe the removal of what a run installed, planned and simulated before anything runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class PackageRemoval:
    """List the packages to remove, sorted; what stays of those that were installed, with the reasons; sizes in bytes.

    ``undoes`` are the numbers of the journal's entries. ``gone`` are packages that are not installed any more.
    ``along_unknown`` tells that the journal does not say what came along with the packages.
    """

    undoes: tuple[int, ...]
    packages: tuple[str, ...] = ()
    kept: Mapping[str, str] = field(default_factory=dict)
    gone: tuple[str, ...] = ()
    sizes: Mapping[str, int] = field(default_factory=dict)
    commands: tuple[tuple[str, ...], ...] = ()
    along_unknown: bool = False
