"""Repositories that a distribution has and does not enable by itself: which package comes from which."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum

from accel_doctor.rulebook.yaml_reading import Node


class Repository(str, Enum):
    """The repositories that rules may name. How each is enabled is known to
    ``system/packages/repositories.py`` alone.

    ``crb`` is CodeReady Builder under all its names: powertools on CentOS 8 and its kin, ``ol9_codeready_builder``.
    """

    BASE = "base"  # enabled everywhere: takes back, for one release, what holds for the others
    CRB = "crb"
    EPEL = "epel"
    PACKAGEHUB = "packagehub"  # SUSE Package Hub, for SUSE Linux Enterprise


def read_repositories(section: Node) -> dict[str, Repository]:
    """The repository of each package that a ``repositories`` section lists."""
    result: dict[str, Repository] = {}
    for name, node in section.mapping().items():
        try:
            repository = Repository(name)
        except ValueError:
            node.complain(f"no such repository; known here: {', '.join(known.value for known in Repository)}")
            continue
        for package in node.texts():
            if package in result:
                node.complain(f"{package!r} is listed under {result[package].value} too")
            result[package] = repository
    return result


def repository_of(package: str, layers: list[Mapping[str, Repository]]) -> Repository | None:
    """Where a package comes from, by the first layer that tells; None where that is enabled anyway."""
    for layer in layers:
        if package in layer:
            return None if layer[package] is Repository.BASE else layer[package]
    return None
