"""Open levels from settings and addresses: one table by URL scheme, extended by other packages."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path

from accel_doctor.errors import UsageError
from accel_doctor.interfaces import Notifier, ObjectStore
from accel_doctor.store.levels.address import LevelAddress, parse_address
from accel_doctor.store.levels.shared_level import SharedLevel
from accel_doctor.store.levels.signing import Signatures, read_signatures

# Other packages register a backend here, by scheme.
ENTRY_POINTS = "accel_doctor.cache_backends"


# Opens the level at an address, without any request yet; raises UsageError for an unusable address.
Backend = Callable[[LevelAddress, Mapping[str, str]], ObjectStore]

# Our own backends, as entry points, so that only the one that an address names is imported.
BACKENDS: Mapping[str, str] = {
    "file": "accel_doctor.store.levels.directory_level:DirectoryLevel",
    "http": "accel_doctor.store.levels.web_level:WebLevel",
    "https": "accel_doctor.store.levels.web_level:WebLevel",
    "s3": "accel_doctor.store.levels.object_storage:S3Level",
    "gs": "accel_doctor.store.levels.object_storage:GoogleLevel",
    "az": "accel_doctor.store.levels.object_storage:AzureLevel",
}


@dataclass(frozen=True)
class LevelSettings:
    """The shared levels of a run, in order, and the keys whose signatures it trusts."""

    addresses: Sequence[str]
    signing_key: Path | None = None
    trusted_keys: Sequence[Path] = ()
    require_signature: bool = False
    read_only: bool = False

    def opened(
        self, variables: Mapping[str, str], directory: Path, notifier: Notifier
    ) -> tuple[Sequence[SharedLevel], Signatures]:
        """Open the levels without any request yet, and read the keys. Raise UsageError."""
        signatures = read_signatures(self.signing_key, self.trusted_keys, required=self.require_signature)
        levels = []
        for text in self.addresses:
            store = open_level(text, variables, directory)
            levels.append(SharedLevel(store, parse_address(text).timeout, notifier, read_only=self.read_only))
        return levels, signatures


def open_level(text: str, variables: Mapping[str, str], directory: Path) -> ObjectStore:
    """Return the object store at an address, without any request yet. Raise UsageError for an unusable address."""
    address = parse_address(text, directory)
    return _backend(address)(address, variables)


def _backend(address: LevelAddress) -> Backend:
    backend: Backend
    if own := BACKENDS.get(address.scheme):
        try:
            backend = EntryPoint(address.scheme, own, ENTRY_POINTS).load()
        except ImportError as error:
            package = (error.name or own).partition(".")[0]
            raise UsageError(
                f"shared level {address.name}: {package} is not installed",
                hint="install 'accel-doctor[remote]' with pipx, uv tool or pip",
            ) from None
        return backend
    points = entry_points(group=ENTRY_POINTS)
    for point in points.select(name=address.scheme):
        backend = point.load()
        return backend
    raise UsageError(
        f"shared level {address.name}: unknown scheme {address.scheme!r}",
        hint=f"known schemes: {', '.join(sorted({*BACKENDS, *points.names}))}; or give a path",
    )
