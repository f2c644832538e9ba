"""Read and rewrite locks (PEP 751): find the distributions to build, and put the built wheels in their place.

Pure; ``packaging.pylock`` does the reading, checking and selecting.
"""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import cast

from packaging.direct_url import ArchiveInfo, DirectUrl, VcsInfo
from packaging.markers import Environment
from packaging.pylock import (
    Package,
    PackageArchive,
    PackageSdist,
    PackageVcs,
    PackageWheel,
    Pylock,
    PylockSelectError,
)
from packaging.requirements import InvalidRequirement, Requirement
from packaging.tags import Tag
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from accel_doctor.errors import RequirementsError
from accel_doctor.model.builds import Source, SourceKind, Wheel
from accel_doctor.model.requests import InstallRequest, RequirementLine, Selection

_HASH_IN_URL = re.compile(r"[#&](sha256|sha384|sha512)=([0-9a-f]{64,128})\b")
_COMMIT_IN_URL = re.compile(r"@([0-9a-f]{40})(?=$|[#\s])")  # a full hash: an abbreviated one may become ambiguous


def sources_to_build(lock: Pylock, tags: Sequence[Tag], environment: Mapping[str, str]) -> list[Source]:
    """Return the distributions of ``lock`` that must be built here: no wheel fits, or none is allowed.

    Leave out directories, which the frontend builds in place when installing. Raises RequirementsError if the lock
    has no usable file for a package.
    """
    sources = []
    for package, chosen in _selected(lock, tags, environment):
        if isinstance(chosen, PackageArchive) and re.match(r"[^?#]*\.whl(?:[?#]|$)", _location(chosen)):
            continue  # a wheel given by URL
        if isinstance(chosen, PackageSdist | PackageVcs | PackageArchive):
            sources.append(_source(package, chosen))
    return sources


def with_wheels(lock: Pylock, wheels: Mapping[str, Wheel]) -> Pylock:
    """Return the lock with every package named in ``wheels`` (by normalized name) reduced to that wheel on disk."""

    def built(package: Package) -> Package:
        wheel = wheels.get(package.name)
        if wheel is None:
            return package
        entry = PackageWheel(name=wheel.path.name, path=str(wheel.path), hashes={"sha256": wheel.sha256})
        return replace(package, wheels=[entry], sdist=None, archive=None, vcs=None, index=None)

    return replace(lock, packages=[built(package) for package in lock.packages])


def from_sources(lock: Pylock, request: InstallRequest) -> Pylock:
    """Return the lock with the releases in ``request.built`` reduced to their sdists, and with those that the request
    names by a URL from there: what they are built from, not where a wheel with their metadata happens to be."""
    direct = {source.name: source for source in request.direct.values()}
    sdists = {(source.name, source.version): source for source in request.built if source.kind is SourceKind.SDIST}

    def as_asked(package: Package) -> Package:
        if package.archive and package.name in direct:
            return _direct(package, direct[package.name])
        source = sdists.get((package.name, str(package.version)))
        if source is None or package.directory or package.vcs:
            return package
        url, path = _url_or_path(source)
        hashes = {"sha256": source.sha256} if source.sha256 else {}
        sdist = PackageSdist(name=source.location.rpartition("/")[2], url=url, path=path, hashes=hashes)
        return replace(package, wheels=None, archive=None, sdist=sdist)

    return replace(lock, packages=[as_asked(package) for package in lock.packages])


def _direct(package: Package, source: Source) -> Package:
    url, path = _url_or_path(source)
    if not source.commit:
        return replace(package, archive=PackageArchive(url=url, path=path, hashes={"sha256": source.sha256 or ""}))
    vcs = PackageVcs(
        type="git",
        url=url,
        path=path,
        requested_revision=source.revision,
        commit_id=source.commit,
        subdirectory=source.subdirectory,
    )
    return replace(package, archive=None, vcs=vcs)


def _url_or_path(source: Source) -> tuple[str | None, str | None]:
    return (source.location, None) if "://" in source.location else (None, source.location)


def chosen_only(
    lock: Pylock, tags: Sequence[Tag], environment: Mapping[str, str], selection: Selection | None = None
) -> Pylock:
    """Return the lock reduced to what this interpreter installs: one file per distribution, without conditions.

    Raises RequirementsError like :func:`sources_to_build`, and for a group or an extra that the lock does not have.
    """
    packages = []
    for package, chosen in _selected(lock, tags, environment, selection):
        package = replace(package, marker=None)
        if isinstance(chosen, PackageWheel):
            package = replace(package, wheels=[chosen], sdist=None)
        elif isinstance(chosen, PackageSdist):
            package = replace(package, wheels=None)
        packages.append(package)
    return replace(lock, packages=packages)


def with_attached(lock: Pylock, attached: Sequence[Package], environment: Mapping[str, str]) -> Pylock:
    """Return the lock with further packages, where their markers hold, in place of those of the same names."""
    markers = cast("dict[str, str | frozenset[str]]", {"extra": "", **environment})
    further = [one for one in attached if one.marker is None or one.marker.evaluate(markers)]
    names = {one.name for one in further}
    kept = [one for one in lock.packages if one.name not in names]
    return replace(lock, packages=[*kept, *(replace(one, marker=None) for one in further)])


def download_sizes(lock: Pylock, tags: Sequence[Tag], environment: Mapping[str, str]) -> dict[str, int]:
    """Return the bytes to download for what this interpreter installs or builds from, by name of the distribution; 0
    where the lock does not say. Files on disk are left out. Raises RequirementsError like :func:`sources_to_build`."""
    chosen = _selected(lock, tags, environment)
    return {
        package.name: part.size or 0
        for package, part in chosen
        if isinstance(part, PackageWheel | PackageSdist | PackageArchive) and (part.url or "").startswith("http")
    }


def allowed(lock: Pylock, request: InstallRequest) -> Pylock:
    """Return the lock without the wheels (``--no-binary``) and sdists (``--only-binary``) that the request forbids."""

    def kept(package: Package) -> Package:
        if _named(package.name, request.no_binary):
            return replace(package, wheels=None)
        if _named(package.name, request.only_binary):
            return replace(package, sdist=None)
        return package

    return replace(lock, packages=[kept(package) for package in lock.packages])


def is_settled(lock: Pylock, request: InstallRequest) -> bool:
    """Return whether the request pins everything in ``lock``, so that resolving again cannot change it.

    True where each distribution is pinned in the request: a release by ``==``, a URL by its hash, a repository by its
    commit. Directories are never settled.
    """
    releases, commits, hashes = _pins((*request.requirements, *request.constraints))
    for package in lock.packages:
        if package.directory is not None:
            return False
        if package.vcs is not None:
            if package.vcs.commit_id not in commits:
                return False
        elif package.archive is not None:
            if not hashes & {f"{name}:{value}" for name, value in package.archive.hashes.items()}:
                return False
        elif package.version is None or package.version not in releases.get(package.name, ()):
            return False
    return True


def direct_urls(lock: Pylock, names: Collection[str]) -> dict[str, str]:
    """Return ``direct_url.json`` (PEP 610) of the packages that came from an archive or a repository, not from an
    index.

    A frontend that installs their wheel cannot know the URL; ``pip freeze`` would then list an index release.
    """
    return {
        package.name: json.dumps(_direct_url(part).to_dict(), sort_keys=True)
        for package in lock.packages
        if package.name in names and (part := package.vcs or package.archive)
    }


def older_numpy(wheel: Wheel, lock: Pylock) -> str | None:
    """Return why extension modules of ``wheel`` do not import with the NumPy that ``lock`` installs; None if they
    do.

    Modules compiled against NumPy 1 do not import with NumPy 2; the reverse works
    (https://numpy.org/doc/stable/dev/depending_on_numpy.html, "NumPy 2.0-specific advice").
    """
    installed = next((package.version for package in lock.packages if package.name == "numpy"), None)
    built = next((text[len("numpy==") :] for text in wheel.build_requirements if text.startswith("numpy==")), None)
    if installed is None or built is None or wheel.path.name.endswith("-none-any.whl"):
        return None
    with contextlib.suppress(InvalidVersion):
        if Version(built).major < 2 <= installed.major:
            return f"it was compiled against NumPy {built}, and NumPy {installed} is installed"
    return None


def _selected(
    lock: Pylock, tags: Sequence[Tag], environment: Mapping[str, str], selection: Selection | None = None
) -> Iterator[tuple[Package, object]]:
    selection = selection or Selection()
    known, defaults = list(lock.extras or ()), list(lock.default_groups or ())
    extras = known if selection.all_extras else list(selection.extras)
    if not selection.defaults:
        defaults = [name for name in defaults if name != "dev"]
    groups = list(selection.only_groups) or [*defaults, *selection.groups]
    _check_there(extras, known, "extra")
    _check_there(groups, [*(lock.dependency_groups or ()), *defaults], "group")
    told = cast("Environment", dict(environment))
    try:
        yield from lock.select(environment=told, tags=tags, extras=extras, dependency_groups=groups)
    except PylockSelectError as error:
        raise RequirementsError(str(error)) from error


def _check_there(asked: Sequence[str], known: Sequence[str], what: str) -> None:
    if unknown := [name for name in asked if canonicalize_name(name) not in map(canonicalize_name, known)]:
        hint = f"it has: {', '.join(dict.fromkeys(known))}" if known else None
        raise RequirementsError(f"the lock file has no {what} {unknown[0]}", hint=hint)


def wheels_of(lock: Pylock, asked: Collection[RequirementLine], before: date) -> list[Source]:
    """Return the wheels of what was asked for that were uploaded before a day, where there are only wheels without
    binaries: files that can be read like sources. Where the index does not tell the day, those that are pinned count.
    """
    names, pinned = {line.name for line in asked}, {line.name for line in asked if line.pin}
    found = []
    for package in lock.packages if asked else ():
        wheels = list(package.wheels or ())
        if package.name in names and wheels and all(wheel.filename.endswith("-none-any.whl") for wheel in wheels):
            uploaded = wheels[-1].upload_time
            if uploaded.date() < before if uploaded else package.name in pinned:
                found.append(_source(package, wheels[-1]))
    return found


def _named(name: str, names: Collection[str]) -> bool:
    return name in names or ":all:" in names


def _pins(lines: Iterable[RequirementLine]) -> tuple[dict[str, set[Version]], set[str], set[str]]:
    """Return the pins in these lines: versions by name, commits, and hashes of archives (``sha256:...``)."""
    releases: dict[str, set[Version]] = {}
    commits: set[str] = set()
    hashes: set[str] = set()
    for line in lines:
        hashes.update(line.hashes)
        hashes.update(f"{name}:{value}" for name, value in _HASH_IN_URL.findall(line.text))
        commits.update(_COMMIT_IN_URL.findall(line.text))
        with contextlib.suppress(InvalidRequirement, InvalidVersion):
            for clause in Requirement(line.text).specifier:
                if clause.operator in ("==", "===") and not clause.version.endswith(".*") and line.name:
                    releases.setdefault(line.name, set()).add(Version(clause.version))
    return releases, commits, hashes


def _direct_url(part: PackageVcs | PackageArchive) -> DirectUrl:
    url = part.url or Path(_location(part)).as_uri()
    if isinstance(part, PackageVcs):
        info = VcsInfo(vcs=part.type, commit_id=part.commit_id, requested_revision=part.requested_revision)
        return DirectUrl(url=url, vcs_info=info, subdirectory=part.subdirectory)
    return DirectUrl(url=url, archive_info=ArchiveInfo(hashes=part.hashes), subdirectory=part.subdirectory)


def _source(package: Package, part: PackageSdist | PackageArchive | PackageVcs | PackageWheel) -> Source:
    repository = part if isinstance(part, PackageVcs) else None
    return Source(
        name=package.name,
        version=str(package.version) if package.version else None,
        kind=SourceKind.VCS if repository else SourceKind.SDIST,
        location=_location(part),
        sha256=None if isinstance(part, PackageVcs) else part.hashes.get("sha256"),
        commit=repository.commit_id if repository else None,
        vcs=repository.type if repository else None,
        subdirectory=getattr(part, "subdirectory", None),  # sdists have none (PEP 751)
        size=None if repository else getattr(part, "size", None),
    )


def _location(part: PackageSdist | PackageArchive | PackageVcs | PackageWheel) -> str:
    location = part.path or part.url
    if location is None:
        raise RequirementsError(f"a lock entry has neither path nor URL: {part}")
    return location
