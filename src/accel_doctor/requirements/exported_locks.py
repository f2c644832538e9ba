"""Turn what a tool exported from its lock into a request that resolves nothing more. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from packaging.markers import Marker
from packaging.pylock import Package, PackageVcs
from packaging.utils import canonicalize_name

from accel_doctor.errors import RequirementsError
from accel_doctor.model.builds import SourceKind
from accel_doctor.model.requests import InstallRequest, RequirementLine, Selection
from accel_doctor.requirements.project_file import directory_package
from accel_doctor.requirements.specifier import direct_source, local_project


def as_locked(
    request: InstallRequest, projects: Sequence[Package], selection: Selection, markers: Mapping[str, str]
) -> InstallRequest:
    """Return the request with ``projects``, and without dependencies of its own: those are in the lock.

    Directories and commits, which have no hash, are attached to the lock as they are: one hash elsewhere would demand
    theirs. Raises RequirementsError if nothing in the lock is for an interpreter with these ``markers``.
    """
    if request.lock:
        return replace(request, attached=tuple(projects), selection=selection)
    if request.requirements and not any(line.applies(markers) for line in request.requirements):
        python = markers["python_full_version"]
        raise RequirementsError(
            f"the lock file has nothing for Python {python}", hint="choose another interpreter with --python"
        )
    direct = {line: package for line in request.requirements if (package := _package(line))}
    lines = tuple(line for line in request.requirements if line not in direct)
    return replace(request, requirements=lines, attached=(*direct.values(), *projects), no_deps=True)


def _package(line: RequirementLine) -> Package | None:
    """Return a directory, or a git repository at a commit, as a package of a lock; None for anything else."""
    _, semicolon, marker = line.text.partition(" ; ")
    more: dict[str, Any] = {"marker": Marker(marker)} if semicolon else {}
    if line.parsed and line.parsed.marker:
        more = {"marker": line.parsed.marker}
    if directory := local_project(line):
        return directory_package(line.name, directory, editable=line.editable, **more)
    source = direct_source(replace(line, editable=False))
    if source is None or source.kind is not SourceKind.VCS or not source.revision or not line.name:
        return None
    vcs = PackageVcs(type="git", url=source.location, commit_id=source.revision, subdirectory=source.subdirectory)
    return Package(name=canonicalize_name(line.name), vcs=vcs, **more)
