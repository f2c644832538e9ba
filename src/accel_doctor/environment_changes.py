"""Tell what a run changes in an environment, from the names of metadata directories and a lock. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from contextlib import suppress

from packaging.pylock import Package, Pylock
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from accel_doctor.model.builds import Change, Provision, Source
from accel_doctor.model.requests import InstallRequest

# https://packaging.python.org/en/latest/specifications/binary-distribution-format/, and the older forms of setuptools
_METADATA = re.compile(r"(?P<name>[^-]+)-(?P<version>[^-]+)(-py[\d.]+)?\.(dist-info|egg-info|egg)")


def distributions(metadata: Iterable[str]) -> dict[str, str]:
    """Return versions by normalized name, from the names of metadata directories."""
    found = filter(None, map(_METADATA.fullmatch, metadata))
    return {canonicalize_name(one["name"]): one["version"] for one in found}


def changes_made(
    before: Mapping[str, str],
    after: Mapping[str, str],
    again: Collection[str],
    provisions: Mapping[Source, Provision],
    sizes: Mapping[str, int],
) -> tuple[Change, ...]:
    """Return what differs between two states of an environment (versions by name), and what was installed ``again`` as
    it was, sorted by name."""
    names = {name for name in {*before, *after} if not _same(before.get(name), after.get(name))}
    made = {source.name: provision for source, provision in provisions.items()}
    return tuple(
        Change(name, before.get(name), after.get(name), made.get(name, Provision.FETCHED), sizes.get(name))
        for name in sorted(names | {name for name in again if name in after})
    )


def with_lock(before: Mapping[str, str], lock: Pylock) -> dict[str, str]:
    """Return the versions that an environment will have when a lock is installed there."""
    return {**before, **{package.name: _version(package) for package in lock.packages}}


def installed_again(lock: Pylock, request: InstallRequest) -> list[str]:
    """Return the names of what is installed also where that version is there: sources, and all if that is asked for."""
    return [one.name for one in lock.packages if request.reinstall or (one.is_direct and not request.lock)]


def _version(package: Package) -> str:
    return str(package.version) if package.version else ""


def _same(one: str | None, other: str | None) -> bool:
    if one and other:
        with suppress(InvalidVersion):
            return Version(one) == Version(other)
    return one == other
