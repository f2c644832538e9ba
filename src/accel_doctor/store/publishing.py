"""Publish entries atomically: written aside, synced to disk, then moved into place by one rename."""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from accel_doctor.store.locks import Leases


def copy(source: Path, target: Path) -> None:
    """Copy a file to a new one, and sync it to disk."""
    with source.open("rb") as reading, target.open("xb") as writing:
        shutil.copyfileobj(reading, writing, 1 << 20)
        writing.flush()
        os.fsync(writing.fileno())


def write(target: Path, content: bytes) -> None:
    """Write a new file, and sync it to disk."""
    with target.open("xb") as writing:
        writing.write(content)
        writing.flush()
        os.fsync(writing.fileno())


def synchronize(directory: Path) -> None:
    """Sync a directory to disk: the files created, renamed or removed in it."""
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def synchronize_all(directory: Path) -> None:
    """Sync the file system of ``directory`` to disk: one call (syncfs(2)) for any number of
    files, each of which alone would take as long as a write to disk."""
    import ctypes

    syncfs = getattr(ctypes.CDLL(None, use_errno=True), "syncfs", None)
    if syncfs is None:
        os.sync()
        return
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        if syncfs(descriptor):
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number), str(directory))
    finally:
        os.close(descriptor)


def publish(aside: Path, place: Path) -> None:
    """Move a finished directory into place. If another process was first, its directory stays."""
    place.parent.mkdir(parents=True, exist_ok=True)
    try:
        aside.rename(place)
    except OSError:
        if not place.is_dir():
            raise
        return
    synchronize(place.parent)


@contextmanager
def scratch(unfinished: Path, leases: Leases) -> Iterator[Path]:
    """Create a directory below ``unfinished``, leased while the block runs and removed afterwards."""
    directory = unfinished / secrets.token_hex(16)
    with leases.using(directory.name):
        try:
            directory.mkdir()
            yield directory
        finally:
            shutil.rmtree(directory, ignore_errors=True)
