"""A shared level in a directory mounted by several machines."""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from pathlib import Path

from accel_doctor.errors import LevelError, UsageError
from accel_doctor.store import publishing
from accel_doctor.store.levels.address import LevelAddress
from accel_doctor.whole_files import replacing

_BLOCK = 1 << 20


class DirectoryLevel:
    """Objects are files; each appears under its name in one rename, whole and synced to disk."""

    def __init__(self, address: LevelAddress, variables: Mapping[str, str]) -> None:
        if address.host not in {"", "localhost"} or not address.path:
            raise UsageError(f"{address.name}: not a local directory", hint="file:///PATH has three slashes")
        self.name = address.name
        self.writable = not address.read_only
        self._root = address.directory / Path(address.path).expanduser()

    def fetch(self, object_name: str, target: Path, limit: int) -> bool:
        try:
            # Another writer could replace a file by a pipe: never block on one.
            descriptor = os.open(self._root / object_name, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        except (FileNotFoundError, NotADirectoryError):
            self._check_root()
            return False
        except OSError as error:
            raise LevelError(f"{object_name}: {error.strerror}") from error
        try:
            with os.fdopen(descriptor, "rb") as reading, target.open("wb") as writing:
                if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                    raise LevelError(f"{object_name}: not a regular file")
                while block := reading.read(_BLOCK):
                    if writing.tell() + len(block) > limit:
                        raise LevelError(f"{object_name}: larger than {limit} bytes")
                    writing.write(block)
        except OSError as error:
            raise LevelError(f"cannot copy {object_name}: {error.strerror}") from error
        return True

    def send(self, object_name: str, source: Path) -> None:
        # Never created: it may be a mount point whose file system is not mounted.
        self._check_root()
        place = self._root / object_name
        try:
            place.parent.mkdir(parents=True, exist_ok=True)
            with replacing(place) as aside:
                publishing.copy(source, aside)
        except OSError as error:
            raise LevelError(f"cannot write {object_name}: {error.strerror}") from error

    def _check_root(self) -> None:
        if not self._root.is_dir():
            raise LevelError("no such directory (is it mounted?)")
