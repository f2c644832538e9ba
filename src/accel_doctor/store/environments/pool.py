"""The pool: every file of every stored environment once, by its content and whether it is executable.

Restored files are hard links into it, so a restored file that is edited in
place changes its piece too. That shows: all pieces have one time of modification, which no edit leaves as it was, and
that they have the same one means that none has to be recorded. It is the time that bytecode is stored with
(:func:`portable_bytecode`), so that the source of a restored module always has it.
"""

from __future__ import annotations

import hashlib
import os
import struct
from collections.abc import Iterable
from pathlib import Path

from accel_doctor.whole_files import replacing

# 2000-01-01: a whole even second, which every file system keeps as it is; later than 1980, before which zip files
# know no time; in the 32 bits that bytecode has for it.
TIME = 946684800
TIME_NS = TIME * 10**9
BLOCK = 8 << 20

_PLAIN_HEADER = 16  # magic number, flags, time and size of the source: PEP 552


class Pool:
    """Pieces in one directory, ``<first two of name>/<rest>``."""

    def __init__(self, directory: Path, aside: Path) -> None:
        """Take ``aside`` for pieces that are being written; it is on the same file system."""
        self.directory = directory
        self._aside = aside

    def prepare(self) -> None:
        """Make the directories."""
        self._aside.mkdir(parents=True, exist_ok=True)
        if (self.directory / "ff").is_dir():  # the last one made
            return
        for number in range(256):
            (self.directory / f"{number:02x}").mkdir(parents=True, exist_ok=True)

    def sound(self, piece: str, size: int) -> bool:
        """Return whether a piece is as it was stored, as far as its size and time tell."""
        try:
            found = os.stat(self.path(piece))
        except FileNotFoundError:
            return False
        return found.st_mtime_ns == TIME_NS and found.st_size == size

    def path(self, piece: str) -> str:
        """Return the path of a piece."""
        return f"{self.directory}/{piece[:2]}/{piece[2:]}"

    def add(self, content: bytes, executable: bool) -> str:
        """Keep ``content``; the piece's name."""
        piece = hashlib.sha256(content).hexdigest() + ("x" if executable else "")
        if not self.sound(piece, len(content)):
            self.write(piece, [content])
        return piece

    def write(self, piece: str, blocks: Iterable[bytes]) -> None:
        """Write a piece aside, and put it in place of what is there: files that share the old one keep it."""
        mode = 0o777 if piece.endswith("x") else 0o666
        with replacing(Path(self.path(piece)), self._aside) as aside:
            descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
            with os.fdopen(descriptor, "wb") as stream:
                stream.writelines(blocks)
            os.utime(aside, ns=(TIME_NS, TIME_NS))

    def add_large(self, source: int, executable: bool) -> tuple[str, int]:
        """Keep the file open as ``source``, which need not fit into memory; the piece's name and size."""
        digest, size = hashlib.sha256(), 0
        while block := os.pread(source, BLOCK, size):
            digest.update(block)
            size += len(block)
        piece = digest.hexdigest() + ("x" if executable else "")
        if not self.sound(piece, size):
            self.write(piece, (os.pread(source, BLOCK, offset) for offset in range(0, size, BLOCK)))
        return piece, size


def portable_bytecode(content: bytes, source_time: int, source_size: int) -> bytes | None:
    """Bytecode (PEP 552) that is valid for a source with the pool's time; None where it is not valid for the source
    it has now. Bytecode that is checked by its source's hash, or not at all, stays as it is."""
    if len(content) < _PLAIN_HEADER:
        return None
    flags, time, size = struct.unpack("<III", content[4:_PLAIN_HEADER])
    if flags:
        return content
    if time != source_time & 0xFFFFFFFF or size != source_size & 0xFFFFFFFF:
        return None
    return content[:8] + struct.pack("<I", TIME) + content[12:]
