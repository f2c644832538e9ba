"""Kept environments as one kind of cache entry: measured, verified, evicted."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from accel_doctor.errors import AccelDoctorError
from accel_doctor.hashing import sha256_of
from accel_doctor.model.holdings import Damage, Holding, HoldingKind, Limits
from accel_doctor.store.environments.environment_cache import ALL, EnvironmentCache, named_by
from accel_doctor.store.environments.packs import read_pack
from accel_doctor.store.housekeeping import Housekeeping, Kind

_SHOWN = 12  # digits of a key to show
_PAUSE = 0.1  # seconds


class KeptEnvironments(Kind):
    """The environments of a cache.

    Shared files count for the most recently used one: evicting the others frees only what is theirs alone.
    """

    def __init__(self, cache: EnvironmentCache) -> None:
        super().__init__(cache.root.parent, cache.leases)
        self.cache = cache

    def holdings(self) -> Iterator[Holding]:
        """Yield every environment, then the files that none of them names."""
        cache, named = self.cache, set[str]()
        sizes = {name: size for name, _, size in cache.parts()}
        for key in cache.stored_keys():
            path = cache.manifest_path(key)
            try:
                size = path.stat().st_size
                own = set(named_by(cache.read(key))) - named
            except FileNotFoundError:
                continue
            except ValueError:  # damaged: evicted like any other
                own = set()
            named |= own
            size += sum(sizes.get(name, 0) for name in own)
            yield Holding(HoldingKind.ENVIRONMENT, key, key[:_SHOWN], path, size, cache.last_used(key))
        left = [size for name, size in sizes.items() if name not in named]
        if left:
            label = str(cache.root.relative_to(self.root.parent) / "pool")
            yield Holding(HoldingKind.LEFTOVER, ALL, label, cache.pool.directory, sum(left), 0.0)

    def remove(self, holding: Holding, dry_run: bool) -> bool:
        """Remove an environment's manifest; return False if a process stores or restores. Raises OSError."""
        with self.leases.removing(ALL) as free:
            if free and not dry_run and holding.kind is HoldingKind.ENVIRONMENT:
                holding.path.unlink(missing_ok=True)
        return free

    def finish(self) -> None:
        """Remove files that no environment names any more; skip this if a process stores or restores."""
        with self.leases.removing(ALL) as free:
            if free:
                kept = filter(None, map(self.cache.find, self.cache.stored_keys()))
                named = {name for stored in kept for name in named_by(stored)}
                for path in [path for name, path, _ in self.cache.parts() if name not in named]:
                    Path(path).unlink(missing_ok=True)

    def check(self, fix: bool) -> Iterator[Damage | HoldingKind]:
        """Read every manifest, pack and piece, and check it against its hash."""
        known: dict[Path, str | None] = {}
        for key in self.cache.stored_keys():
            found = self._damage(key, known)
            if found is None:
                yield HoldingKind.ENVIRONMENT
                continue
            path, why = found
            piece = path.is_relative_to(self.cache.pool.directory)
            yield Damage(HoldingKind.ENVIRONMENT, key, path, why, fix and self._discard(key, path, piece))

    def _damage(self, key: str, known: dict[Path, str | None]) -> tuple[Path, str] | None:
        """Return the first damaged file of an environment, and the damage; ``known`` are the files already checked."""
        cache = self.cache
        try:
            stored = cache.read(key)
        except FileNotFoundError:
            return None
        except (ValueError, OSError) as error:
            return cache.manifest_path(key), str(error)
        parts = [(cache.pack_path(pack.digest), False) for pack in stored.packs]
        files = (file for files in stored.directories.values() for file in files)
        parts += [(Path(cache.pool.path(file.piece)), True) for file in files]
        with cache.in_use():
            for path, is_piece in parts:
                if path not in known:
                    known[path] = _wrong(path, is_piece)
                if why := known[path]:
                    return path, why
        return None

    def _discard(self, key: str, path: Path, piece: bool) -> bool:
        """Remove a damaged piece, to be restored from its pack; for a damaged pack, remove the environment."""
        with self.leases.removing(ALL) as free:
            if free:
                path.unlink(missing_ok=True)
                if not piece:
                    self.cache.forget(key)
        return free


def evict(cache: EnvironmentCache, limits: Limits, newest: str) -> Sequence[Holding]:
    """Evict the least recently used environments, never ``newest``, until the rest fits; return the evicted ones."""
    if limits.size is None and (limits.count is None or len(cache.stored_keys()) <= limits.count):
        return ()
    removal = Housekeeping([KeptEnvironments(cache)]).prune(limits, time.time(), keep=newest)
    return [one for one in removal.removed if one.kind is HoldingKind.ENVIRONMENT]


def erase_environments(cache: EnvironmentCache, keys: Sequence[str]) -> int:
    """Remove environments, after waiting for processes that store or restore; return the number removed."""
    housekeeping = Housekeeping([KeptEnvironments(cache)])
    chosen = [one for one in housekeeping.holdings(HoldingKind.ENVIRONMENT) if one.name in keys]
    left: Sequence[Holding] = chosen
    while left := housekeeping.remove(left).in_use:
        time.sleep(_PAUSE)
    return len(chosen)


def _wrong(path: Path, is_piece: bool) -> str | None:
    """Return what is wrong with a piece or a pack, if anything."""
    try:
        if not is_piece:
            read_pack(path, path.name, (), lambda piece, blocks: None)
            return None
        expected, found = (path.parent.name + path.name)[:64], sha256_of(path)
        return None if found == expected else f"SHA-256 mismatch: expected {expected}, got {found}"
    except FileNotFoundError:
        return "it is missing"
    except (AccelDoctorError, OSError) as error:
        return str(error)
