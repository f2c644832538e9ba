"""Restore an environment from a manifest: directories, and one link per file.

Nothing is hashed, and only the few files that contain their path are read. Each piece is checked once with stat:
one with an unexpected size or mtime was edited in place in some restored environment, and is
rewritten from its pack first.
"""

from __future__ import annotations

import errno
import os
import shutil
import stat
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from accel_doctor.errors import AccelDoctorError
from accel_doctor.interfaces import Progress
from accel_doctor.model.stored_environments import Place, StoredEnvironment, StoredFile
from accel_doctor.store.environments.environment_cache import EnvironmentCache
from accel_doctor.store.environments.halves import HalfError, parted, together, worth_it
from accel_doctor.store.environments.pool import BLOCK, TIME_NS
from accel_doctor.store.environments.relocation import INTERPRETER, TEXT_ROOT, for_place
from accel_doctor.store.environments.swap import place_beside, put_in_place

# Links fail for files of other users (fs.protected_hardlinks), across file systems, and beyond the maximum link count.
_NO_LINKS = {errno.EPERM, errno.EXDEV, errno.EMLINK, errno.EOPNOTSUPP, errno.EACCES}


class DamagedEnvironmentError(AccelDoctorError):
    """Raised for a stored environment with a missing piece that no pack has."""


class RemovedEnvironmentError(AccelDoctorError):
    """Raised for a stored environment that another process removed after it was found."""


def restore(
    cache: EnvironmentCache,
    stored: StoredEnvironment,
    place: Place,
    target: Path,
    progress: Progress,
    *,
    linked: bool = True,
) -> None:
    """Restore the environment at ``target``, replacing what is there in one move. Its files are links into the cache,
    or copies if it is not to be ``linked``.

    Raises RemovedEnvironmentError, DamagedEnvironmentError, UsageError, SwapError, OSError: the old one is still
    there then.
    """
    with place_beside(target) as beside:
        with cache.in_use():
            # Only what a manifest names is kept, and while we hold the lock, all of it.
            if not cache.manifest_path(stored.key).exists():
                raise RemovedEnvironmentError("another process removed the stored environment")
            _Restoring(cache, stored, place, str(beside), progress, linked=linked).run()
        put_in_place(beside, target)
    cache.used(stored.key)


class _Restoring:
    def __init__(
        self,
        cache: EnvironmentCache,
        stored: StoredEnvironment,
        place: Place,
        new: str,
        progress: Progress,
        *,
        linked: bool,
    ) -> None:
        self._cache = cache
        self._stored = stored
        self._place = place
        self._new = new
        self._progress = progress
        self._relocated: dict[str, set[str]] = {}  # names by directory
        for path in stored.relocated:
            parent, _, name = path.rpartition("/")
            self._relocated.setdefault(parent, set()).add(name)
        self._pool = os.open(cache.pool.directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        # The owner of a file may change it at any time, also through a link.
        self._put = _link if linked and os.fstat(self._pool).st_uid == os.geteuid() else _copy

    def run(self) -> None:
        try:
            self._fill_all()
            for path, target in self._stored.symlinks.items():
                target = (
                    self._place.executable if target == INTERPRETER else target.replace(TEXT_ROOT, self._place.root)
                )
                os.symlink(target, f"{self._new}/{path}")
        finally:
            os.close(self._pool)

    def _fill_all(self) -> None:
        directories = self._stored.directories

        def show(done: int) -> None:
            self._progress.show("restoring", done, len(directories))

        if not worth_it(directories):
            self._fill_each(list(directories.items()), show)
            return
        top, mine, theirs = parted(directories)
        self._fill_each(top, lambda done: None)  # a progress bar starts a thread, and a fork follows
        try:
            together(lambda: self._fill_each(mine, show), lambda check: self._fill_each(theirs, lambda done: check()))
        except HalfError as error:
            raise DamagedEnvironmentError(error.message) from error

    def _fill_each(self, part: Sequence[tuple[str, Sequence[StoredFile]]], now_and_then: Callable[[int], None]) -> None:
        for done, (directory, files) in enumerate(part):
            if done % 20 == 0:
                now_and_then(done)
            self._fill(directory, files)

    def _fill(self, directory: str, files: Sequence[StoredFile]) -> None:
        pool, look, put, wanted = self._pool, os.stat, self._put, TIME_NS
        place = f"{self._new}/{directory}" if directory else self._new
        if directory:
            os.mkdir(place)
        if not files:
            return
        here = os.open(place, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        relocated = self._relocated.get(directory, ())
        try:
            for piece, size, pack, name in files:
                shelf = f"{piece[:2]}/{piece[2:]}"
                try:
                    found = look(shelf, dir_fd=pool, follow_symlinks=False)
                    if found.st_mtime_ns != wanted or found.st_size != size:
                        self._repair(pack)
                except FileNotFoundError:
                    self._repair(pack)
                if name in relocated:
                    self._write(directory, name, piece)
                    continue
                try:
                    put(shelf, name, pool, here)
                except OSError as error:
                    if put is _copy or error.errno not in _NO_LINKS:
                        raise
                    put = self._put = _copy
                    put(shelf, name, pool, here)
        finally:
            os.close(here)

    def _write(self, directory: str, name: str, piece: str) -> None:
        path = f"{directory}/{name}" if directory else name
        with open(self._cache.pool.path(piece), "rb") as source:
            content = for_place(path, source.read(), self._place)
        mode = 0o777 if piece.endswith("x") else 0o666
        descriptor = os.open(f"{self._new}/{path}", os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
        with os.fdopen(descriptor, "wb") as target:
            target.write(content)

    def _repair(self, number: int) -> None:
        """Rewrite the pieces of a pack that are missing or were edited; existing hard links keep their content."""
        from accel_doctor.store.environments.packs import DamagedPackError, pack_digest, read_pack

        pack = self._stored.packs[number]
        pool = self._cache.pool
        sizes = {
            file.piece: file.size
            for files in self._stored.directories.values()
            for file in files
            if file.pack == number
        }
        # The manifest bounds what is unpacked: a pack of other pieces has another name.
        if pack_digest(sizes) != pack.digest:
            raise DamagedEnvironmentError(f"{_named(pack.name, pack.version)}: its pack is not of the manifest's files")
        broken = {piece for piece, size in sizes.items() if not pool.sound(piece, size)}
        if sum(sizes[piece] for piece in broken) > shutil.disk_usage(pool.directory).free:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(pool.directory))
        try:
            read_pack(self._cache.pack_path(pack.digest), pack.digest, broken, pool.write)
        except FileNotFoundError:
            raise DamagedEnvironmentError(f"{_named(pack.name, pack.version)}: pack not found in the cache") from None
        except DamagedPackError as error:
            with suppress(OSError):  # so that it is made or fetched again
                self._cache.pack_path(pack.digest).unlink()
            raise DamagedEnvironmentError(f"{_named(pack.name, pack.version)}: {error.message}") from error


def _named(name: str, version: str) -> str:
    return f"{name} {version}" if name else "files of no distribution"


def _link(shelf: str, name: str, pool: int, here: int) -> None:
    os.link(shelf, name, src_dir_fd=pool, dst_dir_fd=here, follow_symlinks=False)


def _copy(shelf: str, name: str, pool: int, here: int) -> None:
    source = os.open(shelf, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=pool)
    with os.fdopen(source, "rb") as reading:
        mode = 0o777 if os.fstat(source).st_mode & stat.S_IXUSR else 0o666
        target = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode, dir_fd=here)
        with os.fdopen(target, "wb") as writing:
            shutil.copyfileobj(reading, writing, BLOCK)
        os.utime(name, ns=(TIME_NS, TIME_NS), dir_fd=here)  # the source mtime in bytecode
