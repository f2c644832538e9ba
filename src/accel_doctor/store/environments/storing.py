"""Store an environment as pieces, packs and a manifest."""

from __future__ import annotations

import csv
import os
import re
import stat
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, NamedTuple

from accel_doctor.errors import AccelDoctorError, UsageError
from accel_doctor.interfaces import Progress
from accel_doctor.model.stored_environments import Pack, StoredEnvironment, StoredFile
from accel_doctor.model.wheels import Link
from accel_doctor.store.environments.environment_cache import EnvironmentCache
from accel_doctor.store.environments.packs import pack_digest, write_pack
from accel_doctor.store.environments.pool import BLOCK, portable_bytecode
from accel_doctor.store.environments.relocation import INTERPRETER, LARGEST, TEXT_ROOT, may_name_the_root, without_place
from accel_doctor.store.layout import UNFINISHED
from accel_doctor.whole_files import replacing

_RECORD_LIMIT = 64 << 20
_DISTRIBUTION = re.compile(r"(?P<name>[A-Za-z0-9._-]+?)-(?P<version>[^-/]+)\.dist-info")
_BYTECODE = re.compile(r"(?P<folder>(?:.*/)?)__pycache__/(?P<module>[^/]+?)\.[^/.]+(?:\.opt-[^/.]+)?\.pyc")


class ChangingError(AccelDoctorError):
    """Raised for an environment that changes while it is stored, or has files that cannot be stored."""


class Found(NamedTuple):
    """A regular file."""

    size: int
    time_ns: int
    executable: bool


class Tree(NamedTuple):
    """The files of an environment when scanned; paths are relative to its root."""

    directories: dict[str, int]  # with their mtime
    files: dict[str, Found]
    symlinks: dict[str, str]


def store(
    cache: EnvironmentCache,
    key: str,
    facts: Mapping[str, Any],
    root: Path,
    progress: Progress,
    inspect: Callable[[Path], Sequence[Link]] = lambda root: (),
) -> StoredEnvironment:
    """Store the environment at ``root`` under a key, replacing what was stored under it.

    Raises UsageError if there is none, ChangingError if it changes meanwhile, OSError (a full disk): nothing is
    stored then.
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
        """Store a file as a piece; return the piece's name and size, or None for outdated bytecode."""
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
            return TEXT_ROOT + target[len(str(self._root)) :]
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
        if not path.exists():
            with replacing(path, cache.root / UNFINISHED) as aside:
                write_pack(aside, sizes[number], cache.pool.path)


def scan(root: Path) -> Tree:
    """List all files below ``root``. Raise ChangingError for sockets, devices and names with control characters."""
    tree = Tree({}, {}, {})
    waiting = [""]
    while waiting:
        directory = waiting.pop()
        place = f"{root}/{directory}" if directory else str(root)
        try:
            tree.directories[directory] = os.stat(place).st_mtime_ns
            with os.scandir(place) as entries:
                found = sorted(entries, key=lambda entry: entry.name)
            for entry in found:
                path = f"{directory}/{entry.name}" if directory else entry.name
                if _note(entry, path, tree):
                    waiting.append(path)
        except FileNotFoundError:
            raise ChangingError(f"{place} was removed while being stored") from None
    return tree


def _note(entry: os.DirEntry[str], path: str, tree: Tree) -> bool:
    if not entry.name.isprintable() and any(ord(character) < 32 for character in entry.name):
        raise ChangingError(f"cannot store {path!r}: control characters in its name")
    if entry.is_symlink():
        tree.symlinks[path] = os.readlink(entry.path)
        return False
    if entry.is_dir():
        return True
    facts = entry.stat(follow_symlinks=False)
    if not stat.S_ISREG(facts.st_mode):
        raise ChangingError(f"cannot store {entry.path}: neither a file nor a directory")
    tree.files[path] = Found(facts.st_size, facts.st_mtime_ns, bool(facts.st_mode & 0o111))
    return False


def check_unchanged(root: Path, tree: Tree, inode: int) -> None:
    """Raise ChangingError if the environment changed since it was scanned."""
    try:
        if os.stat(root).st_ino == inode and all(
            os.stat(f"{root}/{path}").st_mtime_ns == time for path, time in tree.directories.items()
        ):
            return
    except FileNotFoundError:
        pass
    raise ChangingError(f"{root} changed while being stored: not kept", hint="run it again")


def owners(root: Path, files: Iterable[str]) -> dict[str, tuple[str, str]]:
    """Return the distribution (normalized name, version) that lists each file in its RECORD; omit other files.

    Bytecode belongs to the distribution of its source: its creator and time differ between environments.
    """
    known = set(files)
    result: dict[str, tuple[str, str]] = {}
    for record in sorted(path for path in known if path.endswith(".dist-info/RECORD")):
        site, _, name = record.removesuffix("/RECORD").rpartition("/")
        found = _DISTRIBUTION.fullmatch(name)
        if found:
            distribution = (re.sub(r"[-_.]+", "-", found["name"]).lower(), found["version"])
            for path in _recorded(root / record, site):
                if path in known:
                    result.setdefault(path, distribution)
            inside = f"{site}/{name}/"
            result.update({path: distribution for path in known if path.startswith(inside)})
    for path in known - result.keys():
        source = source_of(path)
        if source in result:
            result[path] = result[source]
    return result


def source_of(path: str) -> str:
    """Return the path of the source that bytecode was compiled from; "" for other files."""
    found = _BYTECODE.fullmatch(path)
    return f"{found['folder']}{found['module']}.py" if found else ""


def _recorded(record: Path, site: str) -> Iterable[str]:
    try:
        with record.open(encoding="utf-8", errors="surrogateescape", newline="") as stream:
            text = stream.read(_RECORD_LIMIT)
        for row in csv.reader(text.splitlines()):
            if row and not row[0].startswith("/"):
                yield os.path.normpath(f"{site}/{row[0]}") if row[0].startswith(".") else f"{site}/{row[0]}"
    except (OSError, csv.Error):
        return
