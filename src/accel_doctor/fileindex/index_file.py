"""An index on disk: fast to open, and to look up single file names in."""

from __future__ import annotations

import zlib
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import accumulate, takewhile
from pathlib import Path
from typing import BinaryIO, NamedTuple

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
    decode_block,
    inflate,
)
from accel_doctor.model.machine import Distribution


class Package(NamedTuple):
    """A package that ships indexed files.

    ``development`` marks a development package, ``service`` one that starts a service when installed; ``uses`` counts
    the source packages that build-depend on it, or the closest equivalent.
    """

    name: str
    development: bool = False
    service: bool = False
    uses: int = 0


def named_for_development(package: str) -> bool:
    """Return whether a package has the name of a development package."""
    return package.endswith(("-dev", "-devel", "-static"))


class IndexFileError(AccelDoctorError):
    """An index file is damaged, of another format, or unreadable."""


class File(NamedTuple):
    """A file of the distribution, and the packages that ship it."""

    directory: str
    name: str
    packages: tuple[Package, ...]

    @property
    def path(self) -> str:
        """Return the full path, without the leading slash."""
        return f"{self.directory}/{self.name}" if self.directory else self.name


class FileIndex:
    """The index of a release. Opening it reads its directory; each look-up inflates the few blocks it needs.

    Every member raises IndexFileError for a damaged or unreadable file.
    """

    def __init__(self, path: Path, release: Distribution, blocks: Mapping[str, Sequence[Block]], start: int) -> None:
        self.path = path
        self.release = release
        self._blocks = blocks
        self._start = start
        self._starts = {
            table: [0, *accumulate(block.rows for block in blocks[table])] for table in ("packages", "locations")
        }
        self._decoded: dict[tuple[str, int], list[Row]] = {}

    @classmethod
    def open(cls, path: Path) -> FileIndex:
        """Open the index in a file."""
        with _troubles_with(path), path.open("rb") as stream:
            release, blocks, start = _directory(stream, path.stat().st_size)
        return cls(path, release, blocks, start)

    def find(self, name: str) -> tuple[File, ...]:
        """Return all files with exactly this name (no directories), sorted by directory."""
        with _troubles_with(self.path):
            row = self._named(name)
            return tuple(self._file(number, name) for number in row[1]) if row else ()

    def versions(self, library: str) -> tuple[File, ...]:
        """Return the files of all versions of a shared library: ``libmagic.so.1`` for ``libmagic``."""
        beginning, found = f"{library}.so.", []
        with _troubles_with(self.path):
            blocks = self._blocks["names"]
            for number in range(
                max(0, bisect_right(blocks, beginning, key=lambda block: block.first) - 1), len(blocks)
            ):
                rows = self._rows("names", number)
                named = rows[bisect_left(rows, beginning, key=lambda row: row[0]) :]
                for name, locations in takewhile(lambda row: row[0].startswith(beginning), named):
                    found += [self._file(location, name) for location in locations]
                if rows and rows[-1][0] > beginning and not rows[-1][0].startswith(beginning):
                    break
        return tuple(found)

    def package(self, name: str) -> Package | None:
        """Return the package of this name; None if it ships no file in the index."""
        with _troubles_with(self.path):
            row = self._named(name, "packages")
            return _package(row) if row else None

    def _named(self, name: str, table: str = "names") -> Row | None:
        blocks = self._blocks[table]
        number = bisect_right(blocks, name, key=lambda block: block.first) - 1
        if number < 0:
            return None
        rows = self._rows(table, number)
        place = bisect_left(rows, name, key=lambda row: row[0])
        return rows[place] if place < len(rows) and rows[place][0] == name else None

    def _file(self, number: int, name: str) -> File:
        directory, packages = self._row("locations", number)
        return File(directory, name, tuple(_package(self._row("packages", package)) for package in packages))

    def _row(self, table: str, number: int) -> Row:
        starts = self._starts[table]
        if number >= starts[-1]:
            raise DamagedIndexError(f"no row {number} in {table}")
        block = bisect_right(starts, number) - 1
        rows = self._rows(table, block)
        return rows[number - starts[block]]

    def _rows(self, table: str, number: int) -> list[Row]:
        if (table, number) not in self._decoded:
            block = self._blocks[table][number]
            with self.path.open("rb") as stream:
                stream.seek(self._start + block.offset)
                data = stream.read(block.length)
            if len(data) != block.length or zlib.crc32(data) != block.checksum:
                raise DamagedIndexError(f"checksum mismatch in block {number} of {table}")
            rows = decode_block(data)
            if len(rows) != block.rows:
                raise DamagedIndexError(f"wrong number of rows in block {number} of {table}")
            self._decoded[table, number] = rows
        return self._decoded[table, number]


def _package(row: Row) -> Package:
    name, facts = row
    if len(facts) != 2:
        raise DamagedIndexError("incomplete package")
    return Package(name, bool(facts[0] & DEVELOPMENT), bool(facts[0] & SERVICE), facts[1])


@contextmanager
def _troubles_with(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise IndexFileError(f"cannot read the file index {path}: {error.strerror}") from error
    except DamagedIndexError as error:
        raise IndexFileError(
            f"damaged file index {path}: {error}",
            hint="reinstall accel-doctor, or rebuild the index with: accel-doctor index build",
        ) from error


def _directory(stream: BinaryIO, size: int) -> tuple[Distribution, dict[str, list[Block]], int]:
    header = stream.read(HEADER.size)
    if len(header) < HEADER.size or size > LARGEST_FILE:
        raise DamagedIndexError("wrong size")
    magic, version, length, checksum = HEADER.unpack(header)
    if magic != MAGIC:
        raise DamagedIndexError("not an index")
    if version != FORMAT:
        raise DamagedIndexError(f"format {version}, but this version reads format {FORMAT}")
    data = stream.read(min(length, LARGEST_DIRECTORY))
    if len(data) != length or zlib.crc32(data) != checksum:
        raise DamagedIndexError("checksum mismatch in its directory")
    try:
        first, *lines = inflate(data, LARGEST_DIRECTORY).decode("utf-8").split("\n")
        _, identifier, release = first.split("\t")
        blocks: dict[str, list[Block]] = {table: [] for table in TABLES}
        for line in lines:
            table, *numbers, name = line.split("\t")
            offset, size, checksum, rows = map(int, numbers)
            if offset < 0 or rows < 1 or not 0 < size <= LARGEST_BLOCK:
                raise DamagedIndexError("impossible block in its directory")
            blocks[table].append(Block(offset, size, checksum, rows, name))
    except (ValueError, KeyError) as error:  # not UTF-8, another number of columns, not a number, unknown table
        raise DamagedIndexError("malformed directory") from error
    return Distribution(identifier, release), blocks, HEADER.size + length


SHIPPED = Path(__file__).parent / "data"


def find_index(distribution: Distribution, directories: Sequence[Path] = ()) -> FileIndex | None:
    """Return the index of exactly this release, from ``directories`` first, else a shipped one; None if not found.

    Other releases do not qualify: package names change between releases, and derivatives rename and rebuild. Raises
    IndexFileError for a damaged file.
    """
    for name in _names(distribution):
        for directory in (*directories, SHIPPED):
            if (directory / name).is_file():
                return FileIndex.open(directory / name)
    return None


def _names(distribution: Distribution) -> Iterable[str]:
    # Debian testing and unstable carry no VERSION_ID, and both say "<codename of testing>/sid" (base-files).
    rolling = distribution.pretty_name.endswith("/sid") or distribution.codename == "sid"
    version = distribution.version or ("sid" if distribution.id == "debian" and rolling else "")
    parts = version.split(".")
    for count in range(len(parts), 0, -1):  # Alpine 3.20.3 uses the lists of 3.20
        name = "-".join(filter(None, (distribution.id, ".".join(parts[:count])))) + ".index"
        if "/" not in name and not name.startswith("."):
            yield name
