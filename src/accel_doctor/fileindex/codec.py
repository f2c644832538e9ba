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
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

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
    """The bytes are not those of an index in this format; the message says in what respect."""


@dataclass(frozen=True)
class Block:
    """Where a block is, and the first string in it."""

    offset: int
    length: int
    checksum: int
    rows: int
    first: str


class Rows:
    """A block in memory. Numbers are put together when a row is asked for: a look-up wants few of them."""

    def __init__(self, strings: list[str], counts: Sequence[int], planes: Sequence[bytes]) -> None:
        self.strings = strings
        self._ends = list(accumulate(counts))
        self._planes = planes

    def __getitem__(self, place: int) -> Row:
        start = self._ends[place - 1] if place else 0
        parts = [plane[start : self._ends[place]] for plane in self._planes]
        return self.strings[place], tuple(
            high << 16 | middle << 8 | low for high, middle, low in zip(*parts, strict=True)
        )


def encode_block(rows: Sequence[Row]) -> bytes:
    """One block of sorted rows, compressed."""
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
    """The rows of a compressed block; DamagedIndexError where they are none."""
    plain = inflate(data, LARGEST_BLOCK)
    if len(plain) < _BLOCK_HEADER.size:
        raise DamagedIndexError("a block is too short")
    rows, length = _BLOCK_HEADER.unpack_from(plain)
    start = _BLOCK_HEADER.size
    strings = _strings(plain[start : start + length])
    if len(strings) != rows:
        raise DamagedIndexError("a block has another number of strings than it says")
    start += length
    high, low = _cut(plain[start : start + rows * COUNT_BYTES], rows, COUNT_BYTES)
    counts = [first << 8 | second for first, second in zip(high, low, strict=True)]
    return Rows(strings, counts, _cut(plain[start + rows * COUNT_BYTES :], sum(counts), NUMBER_BYTES))


def inflate(data: bytes, most: int) -> bytes:
    """Decompressed, if that gives no more than ``most`` bytes; DamagedIndexError otherwise."""
    inflater = zlib.decompressobj()
    try:
        plain = inflater.decompress(data, most)
    except zlib.error as error:
        raise DamagedIndexError(str(error)) from error
    if not inflater.eof:
        raise DamagedIndexError("compressed data end too early, or are too long")
    return plain


def _strings(data: bytes) -> list[str]:
    result = []
    before = ""
    try:
        for line in data.decode("utf-8").split("\n")[:-1]:
            before = before[: ord(line[0]) - _SHARED_BASE] + line[1:]
            result.append(before)
    except (UnicodeDecodeError, IndexError) as error:
        raise DamagedIndexError("a block's strings cannot be read") from error
    return result


def _shared(before: str, text: str) -> int:
    most = min(len(before), len(text), _MOST_SHARED)
    return next((place for place in range(most) if before[place] != text[place]), most)


def _planes(numbers: Sequence[int], width: int) -> list[bytes]:
    return [bytes(number >> shift & 255 for number in numbers) for shift in range((width - 1) * 8, -1, -8)]


def _cut(data: bytes, count: int, width: int) -> list[bytes]:
    if len(data) != count * width:
        raise DamagedIndexError("a block has another number of numbers than it says")
    return [data[plane * count : (plane + 1) * count] for plane in range(width)]
