"""The file format of an index: three sorted tables, cut into blocks that are compressed one by one.

::

    b"ACCELIDX"  format (1 byte)  length and CRC-32 of the directory (4 bytes each, big-endian)
    directory    zlib; lines of text, tab-separated: "release ID VERSION", then for each block
                 "TABLE OFFSET LENGTH CRC-32 ROWS FIRST"
    blocks       zlib; rows of one table

A row is a string and some numbers. ``names`` holds file names with the numbers of their locations, ``locations``
directories with the numbers of packages, ``packages`` names with flags and a count of uses. Within a block the strings
come first, each as the length of the prefix it shares with the previous one and the rest; then the numbers, in byte
planes, since similar bytes compress best together. Looking up a name inflates the one block it would be in, and
those its numbers refer to.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import NamedTuple

MAGIC, FORMAT = b"ACCELIDX", 1
HEADER = struct.Struct(">8sBII")
TABLES = ("packages", "locations", "names")
ROWS_PER_BLOCK = 512
DEVELOPMENT, SERVICE = 1, 2  # flags of a package
# Bounds on the memory that a damaged or forged file can use.
LARGEST_DIRECTORY, LARGEST_BLOCK, LARGEST_FILE = 4 << 20, 4 << 20, 256 << 20
NUMBER_BYTES, COUNT_BYTES = 3, 2
_SHARED_BASE, _MOST_SHARED = 32, 90  # the shared length is encoded as one printable ASCII character
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


def decode_block(data: bytes) -> list[Row]:
    """Return the rows of a compressed block. Raises DamagedIndexError."""
    plain = inflate(data, LARGEST_BLOCK)
    try:
        rows, length = _BLOCK_HEADER.unpack_from(plain)
        start = _BLOCK_HEADER.size + length
        counts = _joined(plain[start : start + rows * COUNT_BYTES], rows, COUNT_BYTES)
        numbers = iter(_joined(plain[start + rows * COUNT_BYTES :], sum(counts), NUMBER_BYTES))
        strings = _strings(plain[_BLOCK_HEADER.size : start])
        return [(text, tuple(islice(numbers, count))) for text, count in zip(strings, counts, strict=True)]
    except (struct.error, ValueError, IndexError) as error:  # too short, not UTF-8, unexpected numbers
        raise DamagedIndexError("malformed block") from error


def _strings(data: bytes) -> Iterator[str]:
    text = ""
    for line in data.split(b"\n")[:-1]:
        text = text[: line[0] - _SHARED_BASE] + line[1:].decode("utf-8")
        yield text


def inflate(data: bytes, most: int) -> bytes:
    """Decompress data of at most ``most`` bytes. Raises DamagedIndexError for more, or for malformed data."""
    inflater = zlib.decompressobj()
    try:
        plain = inflater.decompress(data, most)
    except zlib.error as error:
        raise DamagedIndexError(str(error)) from error
    if not inflater.eof:
        raise DamagedIndexError("truncated or oversized compressed data")
    return plain


def _shared(before: str, text: str) -> int:
    most = min(len(before), len(text), _MOST_SHARED)
    return next((place for place in range(most) if before[place] != text[place]), most)


def _planes(numbers: Sequence[int], width: int) -> list[bytes]:
    return [bytes(number >> shift & 255 for number in numbers) for shift in range((width - 1) * 8, -1, -8)]


def _joined(data: bytes, count: int, width: int) -> list[int]:
    if len(data) != count * width:
        raise ValueError(f"{len(data)} bytes are not {count} numbers")
    numbers = [0] * count
    for plane in range(width):
        part = data[plane * count : (plane + 1) * count]
        numbers = [number << 8 | low for number, low in zip(numbers, part, strict=True)]
    return numbers
