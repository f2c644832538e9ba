"""Read archives of strangers within bounds on memory, and on what they grow to."""

from __future__ import annotations

import io
from pathlib import PurePosixPath
from typing import BinaryIO

from accel_doctor.wording import shortened

MOST_MEMBERS = 65_000
MOST_METADATA = 8 << 20  # bytes of METADATA, PKG-INFO, WHEEL
BLOCK = 256 << 10
_MOST_AT_ONCE = 12 << 20  # bytes; the table of contents of a wheel is read at once
_PLAIN = 64 << 20  # bytes that any archive may grow to
_RATIO = 50  # times its size that a larger one may grow to; code and data stay below 20
_SHOWN = 80


class RefusedError(ValueError):
    """Raised for a file that is not what it must be; its text says why, safe to print."""


class BoundedReader(io.RawIOBase):
    """Wrap a stream that refuses to be read in huge pieces, as archives with false sizes make their readers do."""

    def __init__(self, stream: BinaryIO, most: int) -> None:
        self._stream = stream
        self._most = most

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        if whence == io.SEEK_SET and offset > self._most:
            raise RefusedError("truncated, or far too large unpacked")
        return self._stream.seek(offset, whence)

    def tell(self) -> int:
        return self._stream.tell()

    def read(self, size: int | None = -1) -> bytes:
        if size is not None and size > _MOST_AT_ONCE:
            raise RefusedError("a header is too large")
        content = self._stream.read(_MOST_AT_ONCE + 1 if size is None or size < 0 else size)
        if len(content) > _MOST_AT_ONCE or self._stream.tell() > self._most:
            raise RefusedError("far too large unpacked")
        return content


def most_unpacked(size: int) -> int:
    """Return how many bytes an archive of ``size`` bytes may grow to."""
    return max(_PLAIN, _RATIO * size)


def shown(name: str) -> str:
    """Return the name of a member for a message."""
    return repr(shortened(name, _SHOWN))


def member_path(name: str) -> PurePosixPath:
    """Return the path of a member. Raises RefusedError for one that leads out of the archive, or has two spellings."""
    plain = name.removesuffix("/")
    if not plain.isprintable() or "\\" in plain or ":" in plain.partition("/")[0]:
        raise RefusedError(f"{shown(name)} is no name for a file")
    if any(part in ("", ".", "..") for part in plain.split("/")):
        raise RefusedError(f"{shown(name)} leads out of the archive, or has a part too many")
    return PurePosixPath(plain)
