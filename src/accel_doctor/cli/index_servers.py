"""Assemble a package index, and say how clients are told of it."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from accel_doctor.errors import UsageError
from accel_doctor.index.serving.cached import CachedSource
from accel_doctor.index.serving.cached_files import CachedFiles
from accel_doctor.index.serving.file_store import FileStore
from accel_doctor.index.serving.http_application import IndexApplication
from accel_doctor.index.serving.layers import Claimed, FirstMatch, Nothing
from accel_doctor.index.serving.records import Records
from accel_doctor.index.serving.upstream import HttpUpstream
from accel_doctor.index_client import PYPI
from accel_doctor.model.requests import Connection
from accel_doctor.store.layout import LEASES
from accel_doctor.store.locks import Leases


@dataclass(frozen=True)
class ServerSettings:
    """What an index serves, and from where."""

    data: Path
    upstreams: Sequence[str] = ()  # PyPI; offline, all of which there is something
    claims: Sequence[str] = ()
    offline: bool = False
    connection: Connection = Connection()


@contextmanager
def assembled_index(settings: ServerSettings, variables: Mapping[str, str]) -> Iterator[IndexApplication]:
    """Yield the application; its database is closed when the block ends. Raises UsageError if the directory of its
    data cannot be used."""
    try:
        settings.data.mkdir(parents=True, exist_ok=True, mode=0o700)
        leases = Leases(settings.data / LEASES)
        store = FileStore(settings.data / "files", leases)
        store.tidy()
    except OSError as error:
        raise UsageError(
            f"cannot use {settings.data}: {error.strerror}", hint="name another directory with --data"
        ) from error
    records, files = Records(settings.data / "index.sqlite"), CachedFiles(store)
    upstreams = [
        CachedSource(
            HttpUpstream(url, settings.connection, variables), records, files, time.time, offline=settings.offline
        )
        for url in settings.upstreams or (records.sources() if settings.offline else (PYPI,))
    ]
    try:
        yield IndexApplication({"": Claimed(Nothing(), FirstMatch(upstreams), settings.claims)})
    finally:
        records.close()
        leases.close()
