"""The file format of an index: three sorted tables, cut into blocks that are compressed one by one.

::

    b"ACCELIDX"  format (1 byte)  length and CRC-32 of the directory (4 bytes each, big-endian)
    directory    zlib; lines of text, tab-separated: "release ID VERSION", then for each block
                 "TABLE OFFSET LENGTH CRC-32 ROWS FIRST"
    blocks       zlib; rows of one table

A row is a string and some numbers. ``names`` holds file names with the numbers of their locations, ``locations``
directories with the numbers of packages, ``packages`` names with flags and a count of uses. Within a block the strings
stand first, each as the length it shares with the one before and the rest; then the numbers, byte by byte in planes,
since like bytes compress best together. Looking a name up inflates the one block it would be in, and those its
numbers lead to.
"""

from __future__ import annotations

import struct
import zlib
from bisect import bisect_left
from collections.abc import Sequence
from typing import NamedTuple

MAGIC, FORMAT = b"ACCELIDX", 1
HEADER = struct.Struct(">8sBII")
TABLES = ("packages", "locations", "names")
ROWS_PER_BLOCK = 512
DEVELOPMENT, SERVICE = 1, 2  # flags of a package
# Bounds on what a damaged or forged file can make us hold in memory.
LARGEST_DIRECTORY, LARGEST_BLOCK, LARGEST_FILE = 4 << 20, 4 << 20, 256 << 20
NUMBER_BYTES, COUNT_BYTES = 3, 2
_SHARED_BASE, _MOST_SHARED = 32, 90  # the length shared is one printable ASCII character
_BLOCK_HEADER = struct.Struct(">HI")  # rows, length of the strings

Row = tuple[str, tuple[int, ...]]


class DamagedIndexError(Exception):
    """The bytes are not an index in this format; the message says why."""


class Block(NamedTuple):
    """The location of a block, and its first string."""

    offset: int
    length: int
    checksum: int
    rows: int
    first: str


class Rows:
    """A block in memory. Rows are decoded on demand: a look-up needs few of them."""

    def __init__(self, lines: Sequence[bytes], counts: Sequence[bytes], planes: Sequence[bytes]) -> None:
        self._lines = lines
        self._shared = bytes([line[0] for line in lines])
        self._counts = counts
        self._planes = planes

    def __len__(self) -> int:
        return len(self._lines)

    def __getitem__(self, place: int) -> Row:
        return self._string(place), self._numbers(place)

    def find(self, text: str) -> Row | None:
        """Return the row with this string."""
        place = bisect_left(range(len(self)), text, key=self._string)
        return self[place] if place < len(self) and self._string(place) == text else None

    def _string(self, place: int) -> str:
        missing = _MOST_SHARED + _SHARED_BASE + 1
        parts: list[str] = []
        try:
            for earlier in range(place, -1, -1):
                shared = self._shared[earlier]
                if shared < missing:
                    rest = self._lines[earlier][1:].decode("utf-8")
                    parts.append(rest[: missing - shared] if parts else rest)
                    missing = shared
                    if missing <= _SHARED_BASE:
                        return "".join(reversed(parts))
        except UnicodeDecodeError as error:
            raise DamagedIndexError("malformed strings in a block") from error
        raise DamagedIndexError("malformed strings in a block")

    def _numbers(self, place: int) -> tuple[int, ...]:
        start, end = _total(self._counts, place), _total(self._counts, place + 1)
        parts = [plane[start:end] for plane in self._planes]
        return tuple(high << 16 | middle << 8 | low for high, middle, low in zip(*parts, strict=True))


def _total(planes: Sequence[bytes], count: int) -> int:
    """Return the sum of the first numbers of two planes of bytes."""
    high, low = planes
    return (sum(high[:count]) << 8) + sum(low[:count])


def encode_block(rows: Sequence[Row]) -> bytes:
    """Return sorted rows as one compressed block."""
    lines = []
    before = ""
    for text, _ in rows:
        shared = _shared(before, text)
        lines.append(f"{chr(_SHARED_BASE + shared)}{text[shared:]}\n")
        before = text
    strings = "".join(lines).encode("utf-8")
    counts = _planes([len(numbers) for _, numbers in rows], COUNT_BYTES)
    numbers = _planes([number for _, numbers in rows for number in numbers], NUMBER_BYTES)
    return zlib.compress(_BLOCK_HEADER.pack(len(rows), len(strings)) + strings + b"".join(counts + numbers), 9)


def decode_block(data: bytes) -> Rows:
    """Return the rows of a compressed block. Raises DamagedIndexError."""
    plain = inflate(data, LARGEST_BLOCK)
    if len(plain) < _BLOCK_HEADER.size:
        raise DamagedIndexError("a block is too short")
    rows, length = _BLOCK_HEADER.unpack_from(plain)
    start = _BLOCK_HEADER.size
    lines = _lines(plain[start : start + length])
    if len(lines) != rows:
        raise DamagedIndexError("wrong number of strings in a block")
    start += length
    counts = _cut(plain[start : start + rows * COUNT_BYTES], rows, COUNT_BYTES)
    numbers = plain[start + rows * COUNT_BYTES :]
    return Rows(lines, counts, _cut(numbers, _total(counts, rows), NUMBER_BYTES))


def inflate(data: bytes, most: int) -> bytes:
    """Decompress data that yields at most ``most`` bytes. DamagedIndexError for more, or for other data."""
    inflater = zlib.decompressobj()
    try:
        plain = inflater.decompress(data, most)
    except zlib.error as error:
        raise DamagedIndexError(str(error)) from error
    if not inflater.eof:
        raise DamagedIndexError("truncated or oversized compressed data")
    return plain


def _lines(data: bytes) -> list[bytes]:
    lines = data.split(b"\n")[:-1]
    if b"" in lines:
        raise DamagedIndexError("malformed strings in a block")
    return lines


def _shared(before: str, text: str) -> int:
    most = min(len(before), len(text), _MOST_SHARED)
    return next((place for place in range(most) if before[place] != text[place]), most)


def _planes(numbers: Sequence[int], width: int) -> list[bytes]:
    return [bytes(number >> shift & 255 for number in numbers) for shift in range((width - 1) * 8, -1, -8)]


def _cut(data: bytes, count: int, width: int) -> list[bytes]:
    if len(data) != count * width:
        raise DamagedIndexError("wrong number of numbers in a block")
    return [data[plane * count : (plane + 1) * count] for plane in range(width)]
