"""Environments on shared levels: one object per pack, and the manifest, sent last, which publishes them.

Data from a level is not trusted: the manifest is checked against its grammar, every piece against its hash when
its pack is read.
"""

from __future__ import annotations

from collections.abc import Sequence

from accel_doctor.interfaces import Progress
from accel_doctor.model.stored_environments import StoredEnvironment
from accel_doctor.store.environments.environment_cache import EnvironmentCache
from accel_doctor.store.environments.manifest import LIMIT, manifest_from_json
from accel_doctor.store.levels.shared_level import SharedLevel
from accel_doctor.workers import workers

_LAYOUT = "environments/v1"
_LARGEST_PACK = 16 << 30  # bytes
_AT_ONCE = 8


def bring(
    cache: EnvironmentCache, key: str, levels: Sequence[SharedLevel], progress: Progress
) -> StoredEnvironment | None:
    """Fetch the environment into the cache from the first level that has all of it; return None if none has."""
    for level in levels:
        cache.prepare()
        with cache.in_use():
            stored = _manifest(cache, key, level)
            if stored and _packs(cache, stored, level, progress):
                cache.publish(stored)
                return stored
    return None


def send(
    cache: EnvironmentCache,
    stored: StoredEnvironment,
    levels: Sequence[SharedLevel],
    progress: Progress,
) -> None:
    """Send the levels what they lack of an environment. A level reports its own failures; they abort nothing."""
    with cache.in_use():
        for level in levels:
            if not level.writable:
                continue
            for number, pack in enumerate(stored.packs):
                progress.show(f"sending to {level.name}", number, len(stored.packs))
                if not _sent(cache, pack.digest, level):
                    break
            else:
                level.send(_manifest_name(stored.key), cache.manifest_path(stored.key))


def _sent(cache: EnvironmentCache, digest: str, level: SharedLevel) -> bool:
    # An empty object beside each pack marks it as present: cheaper to query than the pack itself.
    with cache.aside() as probe:
        if level.fetch(f"{_pack_name(digest)}.sent", probe, 1):
            return True
        if not level.send(_pack_name(digest), cache.pack_path(digest)):
            return False
        probe.write_bytes(b"")
        return level.send(f"{_pack_name(digest)}.sent", probe)


def _manifest(cache: EnvironmentCache, key: str, level: SharedLevel) -> StoredEnvironment | None:
    with cache.aside() as aside:
        if not level.fetch(_manifest_name(key), aside, LIMIT):
            return None
        try:
            stored = manifest_from_json(aside.read_bytes())
        except ValueError as error:
            cache.warn(f"ignoring a damaged environment on shared level {level.name}: {error}")
            return None
    return stored if stored.key == key else None


def _packs(cache: EnvironmentCache, stored: StoredEnvironment, level: SharedLevel, progress: Progress) -> bool:
    """Fetch the packs that the cache lacks; return whether it now has all of them."""
    missing = [pack.digest for pack in stored.packs if not cache.pack_path(pack.digest).exists()]

    def fetch(digest: str) -> bool:
        with cache.aside() as aside:
            fetched = level.fetch(_pack_name(digest), aside, _LARGEST_PACK)
            if fetched:
                aside.rename(cache.pack_path(digest))
            return fetched

    with workers(_AT_ONCE, "fetch") as pool:
        for number, fetched in enumerate(pool.map(fetch, missing)):
            progress.show(f"fetching from {level.name}", number, len(missing))
            if not fetched:
                pool.shutdown(cancel_futures=True)
                return False
    return True


def _manifest_name(key: str) -> str:
    return f"{_LAYOUT}/entries/{key[:2]}/{key}.json"


def _pack_name(digest: str) -> str:
    return f"{_LAYOUT}/packs/{digest[:2]}/{digest}"
