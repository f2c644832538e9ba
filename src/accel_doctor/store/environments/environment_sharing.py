"""Environments on shared levels: one object a pack, and the manifest, sent last, which publishes them.

What comes from a level is checked as what others wrote: the manifest against its grammar, every piece against its
hash when its pack is read.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Protocol

from accel_doctor.model.stored_environments import StoredEnvironment
from accel_doctor.store.environments.environment_cache import EnvironmentCache
from accel_doctor.store.environments.manifest import LIMIT, manifest_from_json
from accel_doctor.store.locks import shared

_LAYOUT = "environments/v1"
_LARGEST_PACK = 16 << 30  # bytes
_AT_ONCE = 8


class Level(Protocol):
    """A shared level as one run sees it."""

    @property
    def name(self) -> str:
        """What people call it."""
        ...

    @property
    def writable(self) -> bool:
        """Whether it is written to."""
        ...

    def fetch(self, object_name: str, target: Path, limit: int) -> bool:
        """The object into ``target``; False where it cannot be had."""
        ...

    def send(self, object_name: str, source: Path) -> bool:
        """Keep the object there; False where that was not possible."""
        ...


def bring(
    cache: EnvironmentCache, key: str, levels: Sequence[Level], progress: Callable[[str, int, int], None]
) -> StoredEnvironment | None:
    """The environment from the first level that has all of it, kept in the cache from now on; None where none has."""
    for level in levels:
        cache.prepare()
        with shared(cache.lock):
            stored = _manifest(cache, key, level)
            if stored and _packs(cache, stored, level, progress):
                cache.publish(stored)
                return stored
    return None


def send(
    cache: EnvironmentCache,
    stored: StoredEnvironment,
    levels: Sequence[Level],
    progress: Callable[[str, int, int], None],
) -> None:
    """Send what the levels lack of an environment; a level's trouble is told by itself, and ends nothing."""
    with shared(cache.lock):
        for level in levels:
            if not level.writable:
                continue
            for number, pack in enumerate(stored.packs):
                progress(f"sending to {level.name}", number, len(stored.packs))
                if not _sent(cache, pack.digest, level):
                    break
            else:
                level.send(_manifest_name(stored.key), cache.manifest_path(stored.key))


def _sent(cache: EnvironmentCache, digest: str, level: Level) -> bool:
    # An empty object beside each pack says that it is there: asking for it costs less than the pack.
    probe = cache.aside()
    try:
        if level.fetch(f"{_pack_name(digest)}.sent", probe, 1):
            return True
        if not level.send(_pack_name(digest), cache.pack_path(digest)):
            return False
        probe.write_bytes(b"")
        return level.send(f"{_pack_name(digest)}.sent", probe)
    finally:
        with suppress(OSError):
            probe.unlink()


def _manifest(cache: EnvironmentCache, key: str, level: Level) -> StoredEnvironment | None:
    aside = cache.aside()
    try:
        if not level.fetch(_manifest_name(key), aside, LIMIT):
            return None
        stored = manifest_from_json(aside.read_bytes())
    except ValueError as error:
        cache.warn(f"the shared level {level.name} has a damaged environment, which is not used: {error}")
        return None
    finally:
        with suppress(OSError):
            aside.unlink()
    return stored if stored.key == key else None


def _packs(
    cache: EnvironmentCache, stored: StoredEnvironment, level: Level, progress: Callable[[str, int, int], None]
) -> bool:
    """Whether all packs are here afterwards."""
    from concurrent.futures import ThreadPoolExecutor

    missing = [pack.digest for pack in stored.packs if not cache.pack_path(pack.digest).exists()]

    def fetch(digest: str) -> bool:
        aside = cache.aside()
        try:
            if not level.fetch(_pack_name(digest), aside, _LARGEST_PACK):
                return False
            aside.rename(cache.pack_path(digest))
            return True
        finally:
            with suppress(OSError):
                aside.unlink()

    with ThreadPoolExecutor(_AT_ONCE) as pool:
        for number, fetched in enumerate(pool.map(fetch, missing)):
            progress(f"fetching from {level.name}", number, len(missing))
            if not fetched:
                pool.shutdown(cancel_futures=True)
                return False
    return True


def _manifest_name(key: str) -> str:
    return f"{_LAYOUT}/entries/{key[:2]}/{key}.json"


def _pack_name(digest: str) -> str:
    return f"{_LAYOUT}/packs/{digest[:2]}/{digest}"
