"""Repositories that a distribution does not enable by default, and the packages in them."""

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
    """Return the repository of each package in a ``repositories`` section."""
    result: dict[str, Repository] = {}
    for name, node in section.mapping().items():
        try:
            repository = Repository(name)
        except ValueError:
            node.complain(f"no such repository: expected one of {', '.join(known.value for known in Repository)}")
            continue
        for package in node.texts():
            if package in result:
                node.complain(f"{package!r} is also listed under {result[package].value}")
            result[package] = repository
    return result


def repository_of(package: str, layers: list[Mapping[str, Repository]]) -> Repository | None:
    """Return the repository of a package by the first layer that tells; None if it is enabled by default."""
    for layer in layers:
        if package in layer:
            return None if layer[package] is Repository.BASE else layer[package]
    return None
