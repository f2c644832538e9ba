"""An index on disk: opened in a moment, asked for single file names."""

from __future__ import annotations

import os
import zlib
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from accel_doctor.errors import AccelDoctorError
from accel_doctor.fileindex.codec import (
    DEVELOPMENT,
    FORMAT,
    HEADER,
    LARGEST_BLOCK,
    LARGEST_DIRECTORY,
    LARGEST_FILE,
    MAGIC,
    SERVICE,
    TABLES,
    Block,
    DamagedIndexError,
    Row,
    Rows,
    decode_block,
    inflate,
)
from accel_doctor.fileindex.indexed import Package, Release

if TYPE_CHECKING:
    from pathlib import Path
    from typing import BinaryIO


class IndexFileError(AccelDoctorError):
    """An index file that cannot be used: damaged, of another format, or unreadable."""


class File(NamedTuple):
    """One file of the distribution, and the packages that ship it."""

    directory: str
    name: str
    packages: tuple[Package, ...]

    @property
    def path(self) -> str:
        """The whole path, without the first slash."""
        return f"{self.directory}/{self.name}" if self.directory else self.name


class FileIndex:
    """The index of one release. Opening reads its directory; each look-up inflates the few blocks it needs.

    Every member raises IndexFileError where the file is not usable.
    """

    def __init__(self, path: str | Path, release: Release, blocks: Mapping[str, Sequence[Block]], start: int) -> None:
        self.path = path
        self.release = release
        self._blocks = blocks
        self._start = start
        self._starts = {table: _row_numbers(blocks[table]) for table in ("packages", "locations")}
        self._decoded: dict[tuple[str, int], Rows] = {}

    @classmethod
    def open(cls, path: str | Path) -> FileIndex:
        """The index in a file."""
        try:
            with open(path, "rb") as stream:
                release, blocks, start = _directory(stream, os.fstat(stream.fileno()).st_size)
        except OSError as error:
            raise IndexFileError(f"the file index {path} cannot be read: {error.strerror}") from error
        except DamagedIndexError as error:
            raise _unusable(path, error) from error
        return cls(path, release, blocks, start)

    def find(self, name: str) -> tuple[File, ...]:
        """All files of exactly this name (no directories), in order of their directories."""
        try:
            row = self._named(name)
            return tuple(self._file(number, name) for number in row[1]) if row else ()
        except OSError as error:
            raise IndexFileError(f"the file index {self.path} cannot be read: {error.strerror}") from error
        except DamagedIndexError as error:
            raise _unusable(self.path, error) from error

    def package(self, name: str) -> Package | None:
        """The package of this name, where it ships a file that the index knows."""
        try:
            row = self._named(name, "packages")
            return _package(row) if row else None
        except OSError as error:
            raise IndexFileError(f"the file index {self.path} cannot be read: {error.strerror}") from error
        except DamagedIndexError as error:
            raise _unusable(self.path, error) from error

    def _named(self, name: str, table: str = "names") -> Row | None:
        blocks = self._blocks[table]
        number = bisect_right(blocks, name, key=lambda block: block.first) - 1
        if number < 0:
            return None
        return self._rows(table, number).find(name)

    def _file(self, number: int, name: str) -> File:
        directory, packages = self._row("locations", number)
        return File(directory, name, tuple(_package(self._row("packages", package)) for package in packages))

    def _row(self, table: str, number: int) -> Row:
        starts = self._starts[table]
        if number >= starts[-1]:
            raise DamagedIndexError(f"there is no row {number} of {table}")
        block = bisect_right(starts, number) - 1
        rows = self._rows(table, block)
        return rows[number - starts[block]]

    def _rows(self, table: str, number: int) -> Rows:
        if (table, number) not in self._decoded:
            block = self._blocks[table][number]
            with open(self.path, "rb") as stream:
                stream.seek(self._start + block.offset)
                data = stream.read(block.length)
            if len(data) != block.length or zlib.crc32(data) != block.checksum:
                raise DamagedIndexError(f"block {number} of {table} has a wrong checksum")
            rows = decode_block(data)
            if len(rows) != block.rows:
                raise DamagedIndexError(f"block {number} of {table} has another number of rows than it should")
            self._decoded[table, number] = rows
        return self._decoded[table, number]


def _package(row: Row) -> Package:
    name, facts = row
    if len(facts) != 2:
        raise DamagedIndexError("a package without its facts")
    return Package(name, bool(facts[0] & DEVELOPMENT), bool(facts[0] & SERVICE), facts[1])


def _unusable(path: str | Path, error: DamagedIndexError) -> IndexFileError:
    return IndexFileError(
        f"the file index {path} is not usable: {error}",
        hint="install accel-doctor again, or build the index again with: accel-doctor index build",
    )


def _row_numbers(blocks: Sequence[Block]) -> list[int]:
    """The number of each block's first row, and at the end the number of all."""
    numbers = [0]
    for block in blocks:
        numbers.append(numbers[-1] + block.rows)
    return numbers


def _directory(stream: BinaryIO, size: int) -> tuple[Release, dict[str, list[Block]], int]:
    header = stream.read(HEADER.size)
    if len(header) < HEADER.size or size > LARGEST_FILE:
        raise DamagedIndexError("its size is not that of an index")
    magic, version, length, checksum = HEADER.unpack(header)
    if magic != MAGIC:
        raise DamagedIndexError("it does not begin as an index does")
    if version != FORMAT:
        raise DamagedIndexError(f"it has format {version}, and this version reads format {FORMAT}")
    data = stream.read(min(length, LARGEST_DIRECTORY))
    if len(data) != length or zlib.crc32(data) != checksum:
        raise DamagedIndexError("its directory has a wrong checksum")
    try:
        first, *lines = inflate(data, LARGEST_DIRECTORY).decode("utf-8").split("\n")
        _, identifier, release = first.split("\t")
        blocks: dict[str, list[Block]] = {table: [] for table in TABLES}
        for line in lines:
            table, offset, size_text, crc, rows, name = line.split("\t")
            blocks[table].append(_block(int(offset), int(size_text), int(crc), int(rows), name))
    except (ValueError, KeyError) as error:  # not UTF-8, another number of columns, not a number, unknown table
        raise DamagedIndexError("its directory cannot be read") from error
    return Release(identifier, release), blocks, HEADER.size + length


def _block(offset: int, length: int, checksum: int, rows: int, first: str) -> Block:
    if offset < 0 or rows < 1 or not 0 < length <= LARGEST_BLOCK:
        raise DamagedIndexError("its directory names an impossible block")
    return Block(offset, length, checksum, rows, first)
