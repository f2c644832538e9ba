"""Read ``successors:`` of ``python.yaml``: projects that are not to be installed anymore, and what took their place."""

from __future__ import annotations

import re

from packaging.utils import canonicalize_name

from accel_doctor.model.releases import Succession, Successor
from accel_doctor.rulebook.yaml_reading import Node

_VERSION = re.compile(r"3\.\d{1,2}")


def read_successors(top: Node) -> dict[str, Successor | None]:
    """Return the successors by normalized name; None for one that a layer removes."""
    result: dict[str, Successor | None] = {}
    for name, node in top.section("successors").items():
        if name != canonicalize_name(name):
            node.complain(f"write the normalized name: {canonicalize_name(name)}")
        elif node.value is None:
            result[name] = None
        elif successor := _read_one(name, node):
            result[name] = successor
    return result


def _read_one(name: str, node: Node) -> Successor | None:
    entries = node.mapping(("project", "why", "module", "since"))
    if "module" in entries:
        entries = node.mapping(("module", "since"), required=("since",))
        module, since = entries["module"].text(), entries["since"].text()
        if since is None or not _VERSION.fullmatch(since):
            entries["since"].complain("expected the version of Python that has the module first, such as 3.4")
            return None
        return Successor(name, module=module, since=since)
    entries = node.mapping(("project", "why"), required=("project", "why"))
    project, why = entries["project"].text(), entries["why"].text()
    if project and project != canonicalize_name(project):
        entries["project"].complain(f"write the normalized name: {canonicalize_name(project)}")
    try:
        return Successor(name, project, Succession(why or ""))
    except ValueError:
        entries["why"].complain(f"expected one of {', '.join(kind.value for kind in Succession)}")
        return None
