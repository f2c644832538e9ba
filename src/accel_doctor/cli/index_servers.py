"""Assemble a package index."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from accel_doctor.cli.index_settings import ServerSettings
from accel_doctor.errors import UsageError
from accel_doctor.index.serving.built import BuiltWheels, WithBuilt, is_platform
from accel_doctor.index.serving.cached import CachedSource
from accel_doctor.index.serving.cached_files import CachedFiles
from accel_doctor.index.serving.client_platforms import client_platform
from accel_doctor.index.serving.file_store import FileStore
from accel_doctor.index.serving.filtered import Filtered, Filters, denied
from accel_doctor.index.serving.http_application import IndexApplication, Mounts
from accel_doctor.index.serving.index_source import Source
from accel_doctor.index.serving.layers import Claimed, FirstMatch
from accel_doctor.index.serving.operations import CountedUpstream, Metrics, Operated
from accel_doctor.index.serving.private_packages import HostedSource
from accel_doctor.index.serving.reading_guard import Guarded
from accel_doctor.index.serving.records import Records
from accel_doctor.index.serving.tokens import Tokens
from accel_doctor.index.serving.upload_requests import UploadHandler
from accel_doctor.index.serving.upstream import HttpUpstream
from accel_doctor.index_client import PYPI
from accel_doctor.store.cache_root import open_cache_root
from accel_doctor.store.layout import LEASES, WHEELS
from accel_doctor.store.locks import Leases
from accel_doctor.store.wheels.wheel_store import LocalWheelStore


class Platforms(Mounts):
    """Offer one index at ``/simple/``, and one for each build platform beside it: ``/debian-13/simple/``. With
    ``by_client``, the first is that of the platform that the client tells."""

    def __init__(self, base: Source, wheels: BuiltWheels | None, *, by_client: bool = False) -> None:
        self._base = base
        self._wheels = wheels
        self._by_client = by_client
        self.vary = ", User-Agent" if by_client else ""

    def source_at(self, prefix: str, user_agent: str) -> Source | None:
        if prefix and not is_platform(prefix):
            return None
        platform = prefix or (client_platform(user_agent) if self._by_client else None)
        return WithBuilt(self._base, self._wheels, platform) if self._wheels else self._base


@contextmanager
def assembled_index(
    settings: ServerSettings, variables: Mapping[str, str], notify: Callable[[str], None]
) -> Iterator[Operated]:
    """Yield the application; its database is closed when the block ends. Raises UsageError if a directory cannot be
    used."""
    try:
        settings.data.mkdir(parents=True, exist_ok=True, mode=0o700)
        leases = Leases(settings.data / LEASES)
        store = FileStore(settings.data / "files", leases)
        uploaded = FileStore(settings.data / "uploads", leases)  # of its own: nothing evicts from it
        store.tidy()
        uploaded.tidy()
        if settings.most_bytes is not None:
            store.evict(settings.most_bytes)
    except OSError as error:
        raise UsageError(
            f"cannot use {settings.data}: {error.strerror}", hint="name another directory with --data"
        ) from error
    records, files = Records(settings.data / "index.sqlite"), CachedFiles(store, settings.most_bytes)
    metrics = Metrics()
    upstreams = _upstreams(settings, variables, records, files, metrics)
    hosted = HostedSource(records, uploaded, time.time)
    base = Claimed(hosted, _filtered(FirstMatch(upstreams), settings), settings.claims)
    tokens = Tokens(records, time.time)
    uploads = UploadHandler(hosted, tokens, uploaded, settings.max_upload)
    wheels = _built_wheels(settings.cache, notify) if settings.cache else None
    try:
        application = IndexApplication(Platforms(base, wheels, by_client=settings.by_client), uploads)
        guarded = Guarded(application, tokens, time.time) if settings.private else application
        yield Operated(guarded, records, metrics, time.time, notify if settings.access_log else None)
    finally:
        records.close()
        leases.close()


def _upstreams(
    settings: ServerSettings, variables: Mapping[str, str], records: Records, files: CachedFiles, metrics: Metrics
) -> list[CachedSource]:
    return [
        CachedSource(
            CountedUpstream(HttpUpstream(url, settings.connection, variables), metrics),
            records,
            files,
            time.time,
            offline=settings.offline,
        )
        for url in settings.upstreams or (records.sources() if settings.offline else (PYPI,))
    ]


def _filtered(source: Source, settings: ServerSettings) -> Source:
    try:
        filters = Filters(settings.only, settings.min_age, *denied(settings.denied))
    except ValueError as error:
        raise UsageError(f"--deny {error}", hint="such as --deny torch==2.0.1") from error
    return Filtered(source, filters, time.time) if filters else source


def _built_wheels(cache: Path, notify: Callable[[str], None]) -> BuiltWheels:
    root = open_cache_root(cache, create=False)
    return BuiltWheels(LocalWheelStore(root / WHEELS, Leases(root / LEASES), notify), time.time)
