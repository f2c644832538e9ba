"""From an environment to pieces, packs and a manifest."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from accel_doctor.errors import UsageError
from accel_doctor.interfaces import Progress
from accel_doctor.model import Link
from accel_doctor.model.stored_environments import Pack, StoredEnvironment, StoredFile
from accel_doctor.store.environments.environment_cache import EnvironmentCache
from accel_doctor.store.environments.gathering import (
    ChangingError,
    Found,
    Tree,
    check_unchanged,
    owners,
    scan,
    source_of,
)
from accel_doctor.store.environments.packs import pack_digest, write_pack
from accel_doctor.store.environments.pool import BLOCK, portable_bytecode
from accel_doctor.store.environments.relocation import LARGEST, ROOT, may_name_the_root, without_place

INTERPRETER = "@accel-doctor:interpreter@"  # the target of symlinks that lead to it
_TEXT_ROOT = ROOT.decode()


def store(
    cache: EnvironmentCache,
    key: str,
    facts: Mapping[str, Any],
    root: Path,
    progress: Progress,
    inspect: Callable[[Path], Sequence[Link]] = lambda root: (),
) -> StoredEnvironment:
    """Keep the environment at ``root`` under a key, in place of what was kept under it.

    Raises UsageError where there is none, ChangingError where it changes meanwhile, OSError (a full disk): nothing is
    kept then.
    """
    if not (root / "pyvenv.cfg").is_file():
        raise UsageError(f"{root} is not a virtual environment (it has no pyvenv.cfg)", hint="python3 -m venv .venv")
    root = root.resolve()
    inode = root.stat().st_ino
    cache.prepare()
    with cache.in_use():
        tree = scan(root)
        stored = _Storing(cache, root, tree, progress).environment(key, facts)
        check_unchanged(root, tree, inode)
        stored = stored._replace(links=tuple(inspect(root)))
        _write_packs(cache, stored, progress)
        cache.publish(stored)
    return stored


class _Storing:
    def __init__(self, cache: EnvironmentCache, root: Path, tree: Tree, progress: Progress) -> None:
        self._cache = cache
        self._root = root
        self._tree = tree
        self._progress = progress
        self._relocated: set[str] = set()

    def environment(self, key: str, facts: Mapping[str, Any]) -> StoredEnvironment:
        owned = owners(self._root, self._tree.files)
        distributions = [("", ""), *sorted(set(owned.values()))]
        numbers = {distribution: number for number, distribution in enumerate(distributions)}
        directories: dict[str, list[StoredFile]] = {path: [] for path in sorted(self._tree.directories, key=_depth)}
        sizes: list[dict[str, int]] = [{} for _ in distributions]
        for done, (path, found) in enumerate(self._tree.files.items()):
            if done % 500 == 0:
                self._progress.show("storing", done, len(self._tree.files))
            number = numbers[owned.get(path, ("", ""))]
            kept = self._keep(path, found)
            if kept:
                piece, size = kept
                sizes[number][piece] = size
                directory, _, name = path.rpartition("/")
                directories[directory].append(StoredFile(piece, size, number, name))
        return StoredEnvironment(
            key=key,
            stored_at=datetime.now(timezone.utc).isoformat(timespec="seconds"),
            facts=facts,
            directories=directories,
            symlinks={path: self._target(path, target) for path, target in self._tree.symlinks.items()},
            relocated=frozenset(self._relocated),
            packs=tuple(
                Pack(name, version, pack_digest(of_pack))
                for (name, version), of_pack in zip(distributions, sizes, strict=True)
            ),
        )

    def _keep(self, path: str, found: Found) -> tuple[str, int] | None:
        """Return the piece of a file; None for outdated bytecode."""
        try:
            descriptor = os.open(f"{self._root}/{path}", os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        except FileNotFoundError:
            raise ChangingError(f"{self._root}/{path} was removed while being stored") from None
        try:
            if found.size > BLOCK:
                return self._cache.pool.add_large(descriptor, found.executable)
            content = os.read(descriptor, found.size + 1)
        finally:
            os.close(descriptor)
        if len(content) != found.size:
            raise ChangingError(f"{self._root}/{path} changed while being stored")
        if path.endswith(".pyc") and (source := self._tree.files.get(source_of(path))):
            portable = portable_bytecode(content, source.time_ns // 10**9, source.size)
            if portable is None:
                return None
            content = portable
        elif found.size <= LARGEST and may_name_the_root(path):
            normal = without_place(path, content, str(self._root))
            if normal is not None:
                self._relocated.add(path)
                content = normal
        return self._cache.pool.add(content, found.executable), len(content)

    def _target(self, path: str, target: str) -> str:
        if target == str(self._root) or target.startswith(f"{self._root}/"):
            return _TEXT_ROOT + target[len(str(self._root)) :]
        if path.startswith("bin/") and target.startswith("/") and "python" in target.rpartition("/")[2]:
            return INTERPRETER
        return target


def _depth(path: str) -> tuple[int, str]:
    return (path.count("/") + 1 if path else 0, path)


def _write_packs(cache: EnvironmentCache, stored: StoredEnvironment, progress: Progress) -> None:
    sizes: list[dict[str, int]] = [{} for _ in stored.packs]
    for files in stored.directories.values():
        for file in files:
            sizes[file.pack][file.piece] = file.size
    for number, pack in enumerate(stored.packs):
        progress.show("compressing", number, len(stored.packs))
        path = cache.pack_path(pack.digest)
        if path.exists():
            continue
        aside = cache.aside()
        try:
            write_pack(aside, sizes[number], cache.pool.path)
            aside.rename(path)
        finally:
            aside.unlink(missing_ok=True)
