"""Locks: leases that keep entries in use from being removed, and directories locked by one process at a time.

The kernel drops a process's locks however it ends. ``filelock.ReadWriteLock`` is an SQLite transaction on
a separate file for each name, which a read-only store cannot create.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from accel_doctor.ownership import open_own

# Locks of the open file, not of the process (fcntl(2), "Open file description locks"): two stores in one process see
# each other's locks, and closing one keeps the other's. If unavailable (macOS), locks of the process.
_OF_OPEN_FILE = hasattr(fcntl, "F_OFD_SETLK")
_TAKEN = {errno.EAGAIN, errno.EACCES}
_PATIENCE = 5.0  # seconds
_PAUSE = 0.005
_BUILD_PAUSE = 0.1


class Leases:
    """Leases on names: one file, locked byte by byte, so that one descriptor holds any number of names.

    A name maps to one of the file's 2**60 bytes; a user of the name holds a shared lock on that byte, a remover
    an exclusive one. The file stays empty. If locks are unavailable, nothing is held, and nothing may be removed.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._descriptor: int | None = None
        self._held: set[str] = set()
        self._guard = threading.RLock()

    def hold(self, name: str) -> None:
        """Lease ``name`` to this process until it ends or :meth:`release` is called. Wait, a few seconds at
        most, for a removal in progress."""
        with suppress(OSError):  # a store on a file system without locks, or a read-only one
            descriptor = self._opened()
            with self._guard:
                if name in self._held:
                    return
                if _lock_patiently(descriptor, name):
                    self._held.add(name)

    def release(self, name: str) -> None:
        """Release this process's lease on ``name``."""
        with self._guard:
            if name in self._held and self._descriptor is not None:
                self._held.discard(name)
                with suppress(OSError):
                    _lock(self._descriptor, fcntl.LOCK_UN, name)

    @contextmanager
    def using(self, name: str) -> Iterator[None]:
        """Hold ``name`` while the block runs."""
        self.hold(name)
        try:
            yield
        finally:
            self.release(name)

    @contextmanager
    def removing(self, name: str) -> Iterator[bool]:
        """Yield True if no process uses ``name``; then none can start to while the block runs.

        Raises OSError if that cannot be determined.
        """
        descriptor = self._opened()
        with self._guard:
            free = name not in self._held and _locked_alone(descriptor, name)
            try:
                yield free
            finally:
                if free:
                    _lock(descriptor, fcntl.LOCK_UN, name)

    @contextmanager
    def alone(self, name: str, wait: Callable[[], bool]) -> Iterator[None]:
        """Hold ``name`` exclusively while the block runs. While another process uses it, ``wait`` is called again
        and again; once it returns False, nothing is held. Raises OSError if locks are unavailable."""
        descriptor = self._opened()
        while not (held := _locked_alone(descriptor, name)) and wait():
            time.sleep(_BUILD_PAUSE)
        try:
            yield
        finally:
            if held:
                _lock(descriptor, fcntl.LOCK_UN, name)

    def close(self) -> None:
        """Release everything."""
        with self._guard:
            if self._descriptor is not None:
                os.close(self._descriptor)
            self._descriptor = None
            self._held.clear()

    def _opened(self) -> int:
        with self._guard:
            if self._descriptor is None:
                with suppress(OSError):
                    self._path.parent.mkdir(parents=True, exist_ok=True)
                try:
                    self._descriptor = open_own(self._path, os.O_RDWR | os.O_CREAT)
                except OSError:
                    # A shared lock needs only read access.
                    self._descriptor = open_own(self._path)
            return self._descriptor


def _lock_patiently(descriptor: int, name: str) -> bool:
    # A removal takes milliseconds. A longer lock is not one of ours, and must not block us.
    deadline = time.monotonic() + _PATIENCE
    while True:
        try:
            _lock(descriptor, fcntl.LOCK_SH, name)
            return True
        except OSError as error:
            if error.errno not in _TAKEN:
                raise
            if time.monotonic() > deadline:
                return False
            time.sleep(_PAUSE)


def _locked_alone(descriptor: int, name: str) -> bool:
    try:
        _lock(descriptor, fcntl.LOCK_EX, name)
    except OSError as error:
        if error.errno not in _TAKEN:
            raise
        return False
    return True


def _lock(descriptor: int, kind: int, name: str) -> None:
    """Try once to lock; raise OSError if another process has the lock, or locks are unavailable."""
    byte = int(hashlib.sha256(name.encode()).hexdigest()[:15], 16)
    if not _OF_OPEN_FILE:
        fcntl.lockf(descriptor, kind if kind == fcntl.LOCK_UN else kind | fcntl.LOCK_NB, 1, byte)
        return
    types = {fcntl.LOCK_SH: fcntl.F_RDLCK, fcntl.LOCK_EX: fcntl.F_WRLCK, fcntl.LOCK_UN: fcntl.F_UNLCK}
    # struct flock of Linux: l_type, l_whence, l_start, l_len, l_pid
    fcntl.fcntl(descriptor, fcntl.F_OFD_SETLK, struct.pack("hhqqi", types[kind], os.SEEK_SET, byte, 1, 0))


@contextmanager
def directory_locked(directory: Path) -> Iterator[None]:
    """Let one process at a time work in ``directory``, leaving no file in it. Not every file system has such
    locks (NFS), so the work must be correct without them."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        with suppress(OSError):
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def claimed(descriptor: int) -> bool | None:
    """Claim an open directory for this process. Return False if another has it, None if locks are unavailable."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        return False if error.errno in _TAKEN else None
    return True
