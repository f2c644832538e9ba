"""Find the releases of a project that an interpreter can install, beside one that it cannot."""

from __future__ import annotations

import re
from collections.abc import Collection
from contextlib import suppress

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.tags import Tag
from packaging.utils import parse_wheel_filename
from packaging.version import InvalidVersion, Version

from accel_doctor.model.releases import OtherReleases, Project, Release, ReleaseFile

_PYTHON_TAG = re.compile(r"(cp|pp|py)([23])(\d+)")


def other_releases(project: Project, asked: str | None, python: str, tags: Collection[Tag]) -> OtherReleases:
    """Return what a project offers the interpreter that accepts wheels with ``tags`` and has version ``python``
    (``3.13.5``), where the release ``asked`` cannot be built for it."""
    accepted = frozenset(tags)
    version = _parsed(asked)
    usable = [release for release in project.releases if any(_fits(file, python, accepted) for file in release.files)]
    usable = _preferred(usable)
    own = next((release for release in project.releases if release.version == version), None)
    newest = next(iter(_preferred(project.releases)), None)
    return OtherReleases(
        project.name,
        python=".".join(python.split(".")[:2]),
        asked=version,
        usable=tuple(release.version for release in usable),
        newest=newest.version if newest else None,
        pythons=_pythons(own, accepted) if own else (),
        foreign=own is not None and _only_for_other_platforms(own, accepted),
    )


def promises_extensions(project: Project, version: str | None) -> bool:
    """Return whether all wheels of one version have extension modules, so that what is built from its sdist should have
    some too. Wheels for Windows promise nothing elsewhere."""
    wanted = _parsed(version)
    files = [file for release in project.releases if release.version == wanted for file in release.files]
    tags = [parse_wheel_filename(file.filename)[3] for file in files if file.is_wheel]
    here = [tag for one in tags for tag in one if not tag.platform.startswith("win")]
    return bool(here) and all(tag.abi != "none" for tag in here)


def newest_before(project: Project, asked: str | None, day: str, allowed: SpecifierSet, python: str) -> Version | None:
    """Return the newest release older than ``asked`` that came before a day and supports a version of Python; None if
    ``asked`` came before that day itself."""
    bound = _parsed(asked)
    if any(one.version == bound and one.day and one.day < day for one in project.releases):
        return None
    found = (
        release.version
        for release in _preferred([one for one in project.releases if one.day and one.day < day])
        if any(_supports(file, python) for file in release.files)
    )
    return next(
        (one for one in found if (bound is None or one < bound) and allowed.contains(one, prereleases=True)), None
    )


def _preferred(releases: Collection[Release]) -> list[Release]:
    """Return the final releases that were not yanked; without one, pre-releases."""
    kept = [release for release in releases if not release.yanked]
    return [release for release in kept if not release.version.is_prerelease] or kept


def _fits(file: ReleaseFile, python: str, accepted: frozenset[Tag]) -> bool:
    if not file.is_wheel or file.yanked or accepted.isdisjoint(parse_wheel_filename(file.filename)[3]):
        return False
    return _supports(file, python)


def _supports(file: ReleaseFile, python: str) -> bool:
    with suppress(InvalidSpecifier):  # ignored, as pip ignores it
        return SpecifierSet(file.requires_python or "").contains(python, prereleases=True)
    return True


def _pythons(release: Release, accepted: frozenset[Tag]) -> tuple[tuple[int, int], ...]:
    """Return the Python versions that a release has wheels for on this platform, by their tags."""
    platforms = {tag.platform for tag in accepted}
    implementations = {"py", "pp" if any(tag.interpreter.startswith("pp") for tag in accepted) else "cp"}
    return tuple(
        sorted(
            {
                (int(match[2]), int(match[3]))
                for tag in _wheel_tags(release)
                if tag.platform in platforms
                if (match := _PYTHON_TAG.fullmatch(tag.interpreter)) and match[1] in implementations
            }
        )
    )


def _only_for_other_platforms(release: Release, accepted: frozenset[Tag]) -> bool:
    platforms = {tag.platform for tag in _wheel_tags(release)}
    return bool(platforms) and platforms.isdisjoint(tag.platform for tag in accepted)


def _wheel_tags(release: Release) -> frozenset[Tag]:
    wheels = (file.filename for file in release.files if file.is_wheel)
    return frozenset().union(*(parse_wheel_filename(name)[3] for name in wheels))


def _parsed(version: str | None) -> Version | None:
    with suppress(InvalidVersion):
        return Version(version) if version else None
    return None
