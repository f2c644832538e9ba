"""A shared level in a directory that several machines mount."""

from __future__ import annotations

import os
import secrets
import stat
from pathlib import Path
from typing import BinaryIO

from accel_doctor.errors import LevelError, UsageError
from accel_doctor.http import TooLargeError
from accel_doctor.store.levels.address import LevelAddress

_BLOCK = 1 << 20


class DirectoryLevel:
    """Objects are files; one appears under its name in one rename, whole and on the disk."""

    def __init__(self, address: LevelAddress, directory: Path) -> None:
        """``directory`` is what a relative path is relative to."""
        if address.host not in {"", "localhost"} or not address.path:
            raise UsageError(f"{address.name} names no directory here", hint="file:///PATH has three slashes")
        self.name = address.name
        self.writable = not address.read_only
        self._root = directory / Path(address.path).expanduser()

    def fetch(self, object_name: str, target: Path, limit: int) -> bool:
        """Copy the file, where there is one."""
        try:
            # Whoever else writes there could put a pipe in a file's place: that must not be waited for.
            descriptor = os.open(self._root / object_name, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        except (FileNotFoundError, NotADirectoryError):
            self._check_root()
            return False
        except OSError as error:
            raise LevelError(f"{object_name} cannot be read: {error.strerror}") from error
        with os.fdopen(descriptor, "rb") as reading:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise LevelError(f"{object_name} is not a file")
            try:
                _copy(reading, target, limit)
            except TooLargeError as error:
                raise LevelError(f"{object_name} is {error}") from None
            except OSError as error:
                raise LevelError(f"{object_name} cannot be copied: {error.strerror}") from error
        return True

    def send(self, object_name: str, source: Path) -> None:
        """Copy aside, onto the disk, then rename."""
        # Not made here: a mount point without its mount would be filled instead.
        self._check_root()
        place = self._root / object_name
        aside = place.with_name(f".{secrets.token_hex(8)}.part")
        try:
            place.parent.mkdir(parents=True, exist_ok=True)
            try:
                with source.open("rb") as reading:
                    _copy(reading, aside, source.stat().st_size)
                aside.replace(place)
            finally:
                aside.unlink(missing_ok=True)
        except OSError as error:
            raise LevelError(f"{object_name} cannot be written: {error.strerror}") from error

    def _check_root(self) -> None:
        if not self._root.is_dir():
            raise LevelError("no such directory (is it mounted?)")


def _copy(reading: BinaryIO, target: Path, limit: int) -> None:
    size = 0
    with target.open("wb") as writing:
        while block := reading.read(_BLOCK):
            size += len(block)
            if size > limit:
                raise TooLargeError(f"larger than {limit} bytes")
            writing.write(block)
        writing.flush()
        os.fsync(writing.fileno())
