"""The sockets of building and installing: frontends, builds, stores, package indexes, the environment."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from accel_doctor.model.builds import Described, Failed, Locked, Outcome, Source, Wheel
    from accel_doctor.model.cures import BuildChanges, Reason
    from accel_doctor.model.processes import Completed
    from accel_doctor.model.releases import Project
    from accel_doctor.model.requests import BuildSettings, IndexSettings, InstallRequest
    from accel_doctor.model.wheels import BuildKey, Link, Provenance


class Frontend(Protocol):
    """uv or pip, through its command line: requirements to lock, source to wheel, lock to environment."""

    @property
    def name(self) -> str:
        """Return the frontend's name on the command line and in messages."""

    def lock(self, request: InstallRequest, log: Path) -> Locked | Failed:
        """Resolve the request. Raises RequirementsError or NetworkError if the cause is not a failing build."""

    def provision(
        self, environment: Path, requirements: Sequence[str], build: BuildSettings, index: IndexSettings, log: Path
    ) -> Completed:
        """Install a build's requirements into the virtual environment ``environment``, which is made first if it is not
        there, and append what the frontend says to ``log``."""

    def install(self, locked: Locked, request: InstallRequest, log: Path) -> Failed | None:
        """Install a lock into the interpreter; None when done. Raises like :meth:`lock`."""


class Builder(Protocol):
    """Turn sources into wheels, the store asked first."""

    def stored(self, sources: Sequence[Source], request: InstallRequest) -> list[Wheel | None]:
        """Return the stored wheel of each source for these settings, in order; None where there is none."""

    def build(self, sources: Sequence[Source], request: InstallRequest, unfit: Mapping[Source, Wheel]) -> list[Outcome]:
        """Build all sources in parallel and return one outcome per source, in order. Raises NetworkError.
        Stored wheels are used, except those in ``unfit``, which the new wheels replace."""

    def keep(self, wheel: Wheel, links: Sequence[Link] = ()) -> None:
        """Record that a built wheel can be imported where it finds these further ``links``; share it only now."""

    def discard(self, wheel: Wheel) -> None:
        """Remove a built wheel that cannot be imported from the store."""


class Describer(Protocol):
    """Build the metadata of sources, without the rest of their wheels."""

    def described(self, sources: Sequence[Source], request: InstallRequest) -> list[Described | Failed]:
        """Return the metadata of each source, in order, or why there is none. Raises NetworkError."""


class BuildIdentity(Protocol):
    """The identity of builds: the key of each one, and the records stored with its wheel."""

    def key(self, source: Source, request: InstallRequest) -> BuildKey | None:
        """Return the key of a build; None for a source without a stable identity."""

    def provenance(self, source: Source, version: str) -> Provenance:
        """Return the provenance of a wheel built on this machine just now."""

    def links(self, wheel: Path) -> tuple[Link, ...]:
        """Return the libraries that a wheel built on this machine links."""

    def lacks(self, source: Source, tree: Path, wheel: Path, log: Path, request: InstallRequest) -> tuple[Reason, ...]:
        """Return what a successful build of ``tree`` lacked here and left out an extension module for; nothing if the
        wheel is as rich as its source."""


class SourceReader(Protocol):
    """Reads what sources, and wheels, say about themselves; nothing where they cannot be read."""

    def reasons(self, source: Source, request: InstallRequest, log: Path | None) -> Sequence[Reason]:
        """Return what the build of a source needs by its own files, and by the log of its failed build."""

    def not_importable(
        self, locked: Locked | None, built: Sequence[Source], request: InstallRequest
    ) -> Sequence[Reason]:
        """Return why distributions cannot be imported here: those that were built, and of the lock those asked for."""


class PackageIndex(Protocol):
    """The user's package indexes and find-links locations."""

    def project(self, name: str, index: IndexSettings) -> Project:
        """Return the releases of a project that they list; none if they do not know it. Raises NetworkError."""


class WheelStore(Protocol):
    """Built wheels by build key."""

    def get(self, key: BuildKey) -> Wheel | None:
        """Return the wheel stored under the exact key, else under the pure key, verified by hash; None if not found."""

    def put(
        self,
        key: BuildKey,
        wheel: Path,
        provenance: Provenance,
        links: Sequence[Link],
        instead_of: Wheel | None = None,
    ) -> Wheel:
        """Store a wheel atomically and return it; a wheel without binaries goes under the pure key. The first of two
        writers wins, except over ``instead_of``, a wheel from :meth:`get` that no longer loads here. Return the
        given wheel if the store cannot be written. It is shared only once it is :meth:`confirmed <confirm>`."""

    def confirm(self, wheel: Wheel, links: Sequence[Link]) -> None:
        """Record that a wheel of this store can be imported, and the libraries that it opens by name; share it."""

    def discard(self, wheel: Wheel) -> None:
        """Remove a wheel of this store."""

    def building(self, key: BuildKey) -> AbstractContextManager[None]:
        """Lock a key while its wheel is built; another process that wants the same wheel waits, then reuses it."""


class CureMemory(Protocol):
    """The cures that builds took, by the key that each build has without them."""

    def recall(self, key: BuildKey) -> BuildChanges: ...  # none if unknown

    def remember(self, key: BuildKey, changes: BuildChanges) -> None: ...


class ObjectStore(Protocol):
    """One shared level: a remote store of named objects. Used from many threads at once."""

    @property
    def name(self) -> str:
        """Return the address of the level, without secrets."""

    @property
    def writable(self) -> bool:
        """Return whether :meth:`send` is allowed."""

    def fetch(self, object_name: str, target: Path, limit: int) -> bool:
        """Write the object to the file ``target``; return False if there is no such object.

        Raises LevelError on failure, and for an object of more than ``limit`` bytes.
        """

    def send(self, object_name: str, source: Path) -> None:
        """Upload the file ``source`` under this name, atomically for readers. Raises LevelError."""


class TargetEnvironment(Protocol):
    """The environment to install into."""

    def sources(self, locked: Locked) -> Sequence[Source]:
        """Return the distributions of a lock that must be built for this environment."""

    def download_sizes(self, locked: Locked) -> Mapping[str, int]:
        """Return the bytes to download for distributions of a lock, by name; 0 where the lock does not say."""

    def record_origins(self, origins: Mapping[str, str], request: InstallRequest) -> None:
        """Write each ``direct_url.json`` (its text, by normalized name) beside the installed distribution."""

    def installed(self, request: InstallRequest) -> frozenset[str] | None:
        """Return the names of the metadata directories there: name and version of each installed distribution. None
        if that is unknown."""

    def was_imported(self, names: Collection[str], content: Collection[str]) -> bool:
        """Return whether these distributions were imported before, in an environment of the same ``content``, the names
        of its metadata directories, and with the same libraries on this machine."""

    def remember_imports(self, names: Collection[str], content: Collection[str]) -> None:
        """Remember that they were imported."""

    def failing_imports(self, names: Sequence[str], request: InstallRequest) -> Sequence[Failed]:
        """Import these distributions, and return a failure for each one that fails to import."""
