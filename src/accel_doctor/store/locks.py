"""Locks of a cache of environments, and of directories that are being made.

flock(2) on a descriptor: the kernel lets go when the process ends, however it ends, and many may share one.
"""

from __future__ import annotations

import errno
import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager

from accel_doctor.values import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_TAKEN = {errno.EAGAIN, errno.EACCES}


@contextmanager
def shared(path: Path) -> Iterator[None]:
    """Nothing is removed from the cache while this lasts. Where locks cannot be had, it lasts without one: removing
    needs an exclusive lock, which cannot be had there either."""
    descriptor = _opened(path)
    try:
        if descriptor is not None:
            _lock(descriptor, fcntl.LOCK_SH)
        yield
    finally:
        if descriptor is not None:
            os.close(descriptor)


@contextmanager
def exclusive(path: Path, *, wait: bool) -> Iterator[bool]:
    """True where nobody else uses the cache, and then nobody begins to while this lasts."""
    descriptor = _opened(path)
    try:
        kind = fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB
        yield descriptor is not None and _lock(descriptor, kind)
    finally:
        if descriptor is not None:
            os.close(descriptor)


@contextmanager
def directory_locked(directory: Path) -> Iterator[None]:
    """One at a time for what is done in ``directory``; nothing is left behind in it. Not to be had on every file
    system (NFS), so what is done has to be right without."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        _lock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def claimed(descriptor: int) -> bool:
    """Whether this process now has the open directory to itself."""
    return _lock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _opened(path: Path) -> int | None:
    for flags in (os.O_RDWR | os.O_CREAT, os.O_RDONLY):  # another user's is not to be written to
        try:
            return os.open(path, flags | os.O_CLOEXEC, 0o666)
        except OSError:
            continue
    return None


def _lock(descriptor: int, kind: int) -> bool:
    try:
        fcntl.flock(descriptor, kind)
    except OSError as error:
        if error.errno in _TAKEN or error.errno in (errno.ENOLCK, errno.EBADF, errno.ENOSYS, errno.EOPNOTSUPP):
            return False
        raise
    return True
