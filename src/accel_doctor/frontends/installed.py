"""What is already installed in the target, and its part in a lock. Pure."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from packaging.pylock import Package, Pylock
from packaging.version import InvalidVersion, Version

from accel_doctor.model import InstallRequest
from accel_doctor.urls import local_path


@dataclass(frozen=True)
class InstalledDistribution:
    """One installed distribution; ``url`` says where it came from when that was no index (PEP 610)."""

    name: str  # normalized
    version: str
    url: str | None = None


def kept_direct(installed: Sequence[InstalledDistribution], request: InstallRequest) -> list[InstalledDistribution]:
    """Return distributions from a directory, URL or repository that the request leaves as they are.

    An index need not know them, and a resolver that starts from the index would replace or miss them.
    """
    return [
        distribution
        for distribution in installed
        if distribution.url is not None and _exists(distribution.url) and _left_alone(distribution, request)
    ]


def without_installed(lock: Pylock, installed: Sequence[InstalledDistribution], kept: Collection[str]) -> Pylock:
    """Return the lock without what needs no installing: index releases already installed, and ``kept``."""
    versions = {distribution.name: distribution.version for distribution in installed}

    def stays(package: Package) -> bool:
        if package.name in kept:
            return True
        return not package.is_direct and _same(versions.get(package.name), package.version)

    return replace(lock, packages=[package for package in lock.packages if not stays(package)])


def _left_alone(distribution: InstalledDistribution, request: InstallRequest) -> bool:
    for line in request.requirements:
        if line.name != distribution.name:
            continue
        requirement = line.parsed
        if requirement is None or requirement.url or request.upgrade:
            return False  # where asked for by path or URL, the frontend decides whether that is what is installed
        if not requirement.specifier.contains(distribution.version, prereleases=True):
            return False
    return True


def _exists(url: str) -> bool:
    path = local_path(url)
    return path is None or path.exists()


def _same(installed: str | None, locked: Version | None) -> bool:
    if installed is None or locked is None:
        return False
    try:
        return Version(installed) == locked
    except InvalidVersion:
        return False
