"""Add two features of pip that uv lacks: keep installed distributions, and check hashes. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from packaging.pylock import Package, Pylock
from packaging.version import InvalidVersion, Version

from accel_doctor.errors import RequirementsError
from accel_doctor.model.requests import InstallRequest, RequirementLine
from accel_doctor.urls import local_path


@dataclass(frozen=True)
class InstalledDistribution:
    """One installed distribution; ``url`` is its origin if that was not an index (PEP 610)."""

    name: str  # normalized
    version: str
    url: str | None = None


def kept_direct(installed: Sequence[InstalledDistribution], request: InstallRequest) -> list[InstalledDistribution]:
    """Return the distributions from a directory, URL or repository that the request does not change.

    An index may not have them, and a resolver that starts from the index would replace or miss them.
    """
    return [
        distribution
        for distribution in installed
        if distribution.url is not None and _exists(distribution.url) and _left_alone(distribution, request)
    ]


def without_installed(lock: Pylock, installed: Sequence[InstalledDistribution], kept: Collection[str]) -> Pylock:
    """Return the lock without index releases that are already installed, and without ``kept``."""
    versions = {distribution.name: distribution.version for distribution in installed}

    def stays(package: Package) -> bool:
        same = not package.is_direct and _same(versions.get(package.name), package.version)
        return package.name in kept or same

    return replace(lock, packages=[package for package in lock.packages if not stays(package)])


def _left_alone(distribution: InstalledDistribution, request: InstallRequest) -> bool:
    for line in request.requirements:
        if line.name != distribution.name:
            continue
        requirement = line.parsed
        if requirement is None or requirement.url or request.upgrade:
            return False  # for a path or URL, the frontend decides whether the installed one matches
        if not requirement.specifier.contains(distribution.version, prereleases=True):
            return False
    return True


def _exists(url: str) -> bool:
    path = local_path(url)
    return path is None or path.exists()


def _same(installed: str | None, locked: Version | None) -> bool:
    try:
        return installed is not None and Version(installed) == locked
    except InvalidVersion:
        return False


# --- hash checking ----------------------------------------------------------------------------------------

# https://pip.pypa.io/en/stable/topics/secure-installs/: every requirement, dependencies included, is pinned with ``==``
# and has a hash; files with another hash are not used. Installed distributions are trusted, as in pip.

# pip's objections, in its order and wording.
_HEADINGS = {
    "vcs": "Can't verify hashes for these requirements because we don't have a way to hash version control "
    "repositories:",
    "directory": "Can't verify hashes for these file:// requirements because they point to directories:",
    "missing": "Hashes are required in --require-hashes mode, but they are missing from some requirements. Add lines "
    "like these to your requirements files to prevent tampering:",
    "unpinned": "In --require-hashes mode, all requirements must have their versions pinned with ==. These do not:",
    "mismatch": "THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE. If you have updated the package "
    "versions, please update the hashes. Otherwise, examine the package contents carefully; someone may have tampered "
    "with them.",
}
_Complaints = dict[str, list[str]]  # packages by objection


def enforce_hashes(lock: Pylock, request: InstallRequest, markers: Mapping[str, str]) -> Pylock:
    """Return the lock, reduced to the files whose hashes the request lists.

    ``markers`` holds the target's marker values. Raises RequirementsError with all objections.
    """
    asked = [line for line in request.requirements if line.applies(markers)]
    limits = [line for line in request.constraints if line.hashes and line.applies(markers)]
    complaints: _Complaints = {kind: [] for kind in _HEADINGS}
    packages = [_checked(package, asked, limits, complaints) for package in lock.packages]
    sections = ["\n    ".join([_HEADINGS[kind], *found]) for kind, found in complaints.items() if found]
    if sections:
        raise RequirementsError("\n".join(sections))
    return replace(lock, packages=packages)


def _checked(
    package: Package,
    asked: Sequence[RequirementLine],
    limits: Sequence[RequirementLine],
    complaints: _Complaints,
) -> Package:
    label = f"{package.name}=={package.version}" if package.version else package.name
    if package.vcs:
        complaints["vcs"].append(label)
        return package
    if package.directory:
        complaints["directory"].append(f"{label} ({package.directory.path})")
        return package
    lines = [line for line in asked if _is_about(line, package)]
    if package.archive is None and not any(map(_pinned, lines)):
        origin = ", ".join(line.origin for line in lines) or "a dependency, not among the requirements"
        complaints["unpinned"].append(f"{label} ({origin})")
        return package
    allowed = _allowed(lines, [line for line in limits if _is_about(line, package)])
    if not allowed:
        example = "".join(f" --hash={digest}" for digest in _digests(package)[:1])
        complaints["missing"].append(f"{label}{example}")
        return package
    return _reduced(package, allowed, label, complaints)


def _reduced(package: Package, allowed: frozenset[str], label: str, complaints: _Complaints) -> Package:
    def listed(part: Any) -> bool:
        return any(f"{algorithm}:{digest}" in allowed for algorithm, digest in part.hashes.items())

    wheels = [wheel for wheel in package.wheels or () if listed(wheel)]
    sdist = package.sdist if package.sdist and listed(package.sdist) else None
    archive = package.archive if package.archive and listed(package.archive) else None
    if not (wheels or sdist or archive):
        expected, offered = " or ".join(sorted(allowed)), ", ".join(_digests(package)) or "none"
        complaints["mismatch"].append(f"{label}: expected {expected}, the index offers {offered}")
        return package
    return replace(package, wheels=wheels or None, sdist=sdist, archive=archive)


def _allowed(lines: Iterable[RequirementLine], limits: Iterable[RequirementLine]) -> frozenset[str]:
    # pip: the hashes of several lines about one package all apply; with a constraint's hashes, those in both.
    listed = frozenset(digest for line in lines for digest in (*line.hashes, *_in_url(line)))
    limited = frozenset(digest for line in limits for digest in line.hashes)
    return listed & limited if listed and limited else listed or limited


def _in_url(line: RequirementLine) -> list[str]:
    fragment = line.text.partition("#")[2].partition(" ")[0]
    pairs = (item.partition("=") for item in fragment.split("&"))
    return [f"{name}:{value}" for name, _, value in pairs if name in ("sha256", "sha384", "sha512")]


def _digests(package: Package) -> list[str]:
    parts = [part for part in (package.sdist, package.archive, *(package.wheels or ())) if part]
    return sorted({f"{algorithm}:{digest}" for part in parts for algorithm, digest in part.hashes.items()})


def _is_about(line: RequirementLine, package: Package) -> bool:
    if line.name is not None:
        return line.name == package.name
    location = package.archive and (package.archive.url or package.archive.path)
    return bool(location) and str(location) in line.text


def _pinned(line: RequirementLine) -> bool:
    specifiers = list(line.parsed.specifier) if line.parsed else []
    return len(specifiers) == 1 and specifiers[0].operator in ("==", "===")
