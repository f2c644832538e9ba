"""From an address to a level: one table by URL scheme, and what other packages add to it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from accel_doctor.errors import UsageError
from accel_doctor.interfaces import ObjectStore
from accel_doctor.store.levels.address import LevelAddress, parse_address
from accel_doctor.store.levels.shared_level import SharedLevel

# Other packages name a function here by scheme: it takes a LevelAddress and the environment, and gives an ObjectStore.
ENTRY_POINTS = "accel_doctor.cache_backends"

Opener = Callable[[LevelAddress, Mapping[str, str]], ObjectStore]


def open_level(text: str, environment: Mapping[str, str], directory: Path) -> ObjectStore:
    """The object store at an address; nothing is asked of it yet. Raises UsageError where it cannot be one."""
    return _opened(parse_address(text), environment, directory)


def shared_level(
    text: str, environment: Mapping[str, str], directory: Path, warn: Callable[[str], None], *, read_only: bool = False
) -> SharedLevel:
    """The same as one run sees it, with the timeout that its address has."""
    address = parse_address(text)
    return SharedLevel(_opened(address, environment, directory), address.timeout, warn, read_only=read_only)


def _opened(address: LevelAddress, environment: Mapping[str, str], directory: Path) -> ObjectStore:
    if address.scheme == "file":
        from accel_doctor.store.levels.directory_level import DirectoryLevel

        return DirectoryLevel(address, directory)
    opener = _BUILT_IN.get(address.scheme) or _of_another_package(address)
    return opener(address, environment)


def _web(address: LevelAddress, environment: Mapping[str, str]) -> ObjectStore:
    from accel_doctor.store.levels.web_level import WebLevel

    return WebLevel(address, environment)


def _object_storage(address: LevelAddress, environment: Mapping[str, str]) -> ObjectStore:
    from accel_doctor.store.levels.object_storage import open_object_storage

    return open_object_storage(address, environment)


_BUILT_IN: Mapping[str, Opener] = {
    "http": _web,
    "https": _web,
    "s3": _object_storage,
    "gs": _object_storage,
    "az": _object_storage,
}


def _of_another_package(address: LevelAddress) -> Opener:
    from importlib.metadata import entry_points

    for point in entry_points(group=ENTRY_POINTS, name=address.scheme):
        opener: Opener = point.load()
        return opener
    known = sorted({*_BUILT_IN, "file"} | {point.name for point in entry_points(group=ENTRY_POINTS)})
    raise UsageError(
        f"the shared level {address.name} has an unknown scheme {address.scheme!r}",
        hint=f"known: {', '.join(known)}; or a path",
    )
