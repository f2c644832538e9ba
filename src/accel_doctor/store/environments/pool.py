"""The pool: every file of every stored environment once, by content and executable bit.

Restored files are hard links into it, so a restored file that is edited in
place changes its piece too. That is detectable: all pieces have the same mtime, which every edit changes, and
since it is the same for all, none has to be recorded. It is also the source time that stored bytecode carries
(:func:`portable_bytecode`), so it always matches the source of a restored module.
"""

from __future__ import annotations

import errno
import hashlib
import os
import struct
from collections.abc import Iterable
from pathlib import Path

from accel_doctor.whole_files import replacing

# 2000-01-01: a whole even second, which every file system preserves; after 1980, where the dates of zip files
# begin; within the 32 bits that bytecode has for it.
TIME = 946684800
TIME_NS = TIME * 10**9
BLOCK = 8 << 20

_PLAIN_HEADER = 16  # magic number, flags, mtime and size of the source: PEP 552


class Pool:
    """Pieces in one directory, ``<first two of name>/<rest>``."""

    def __init__(self, directory: Path, aside: Path) -> None:
        """Use ``aside``, on the same file system, for pieces while they are written."""
        self.directory = directory
        self._aside = aside

    def prepare(self) -> None:
        """Create the directories. Raises OSError, also if one is a symlink, through which nothing is written."""
        self._aside.mkdir(parents=True, exist_ok=True)
        if not (self.directory / "ff").is_dir():  # the last one created
            for number in range(256):
                (self.directory / f"{number:02x}").mkdir(parents=True, exist_ok=True)
        for entry in os.scandir(self.directory):
            if entry.is_symlink():
                raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), entry.path)

    def sound(self, piece: str, size: int) -> bool:
        """Return whether a piece is unchanged, judging by its size and mtime."""
        try:
            found = os.stat(self.path(piece))
        except FileNotFoundError:
            return False
        return found.st_mtime_ns == TIME_NS and found.st_size == size

    def path(self, piece: str) -> str:
        """Return the path of a piece."""
        return f"{self.directory}/{piece[:2]}/{piece[2:]}"

    def add(self, content: bytes, executable: bool) -> str:
        """Store ``content``; return the piece's name."""
        piece = hashlib.sha256(content).hexdigest() + ("x" if executable else "")
        if not self.sound(piece, len(content)):
            self.write(piece, [content])
        return piece

    def write(self, piece: str, blocks: Iterable[bytes]) -> None:
        """Write a piece to a temporary file, and replace the existing one: hard links to the old one stay unchanged."""
        mode = 0o777 if piece.endswith("x") else 0o666
        with replacing(Path(self.path(piece)), self._aside) as aside:
            descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
            with os.fdopen(descriptor, "wb") as stream:
                stream.writelines(blocks)
            os.utime(aside, ns=(TIME_NS, TIME_NS))

    def add_large(self, source: int, executable: bool) -> tuple[str, int]:
        """Store the file open as ``source``, which need not fit into memory; return the piece's name and size."""
        digest, size = hashlib.sha256(), 0
        while block := os.pread(source, BLOCK, size):
            digest.update(block)
            size += len(block)
        piece = digest.hexdigest() + ("x" if executable else "")
        if not self.sound(piece, size):
            self.write(piece, (os.pread(source, BLOCK, offset) for offset in range(0, size, BLOCK)))
        return piece, size


def portable_bytecode(content: bytes, source_time: int, source_size: int) -> bytes | None:
    """Return the bytecode (PEP 552) made valid for a source with the pool's mtime; None if it does not match the source
    as it is now. Hash-based and unchecked bytecode stays unchanged."""
    if len(content) < _PLAIN_HEADER:
        return None
    flags, time, size = struct.unpack("<III", content[4:_PLAIN_HEADER])
    if flags:
        return content
    if time != source_time & 0xFFFFFFFF or size != source_size & 0xFFFFFFFF:
        return None
    return content[:8] + struct.pack("<I", TIME) + content[12:]
