"""Encode a collection of files as an index."""

from __future__ import annotations

import tempfile
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path

from accel_doctor.errors import UsageError
from accel_doctor.fileindex.codec import (
    DEVELOPMENT,
    FORMAT,
    HEADER,
    MAGIC,
    ROWS_PER_BLOCK,
    SERVICE,
    TABLES,
    Row,
    encode_block,
)
from accel_doctor.fileindex.contents import Collection
from accel_doctor.fileindex.indexed import Package, Release

_MOST_USES = (1 << 24) - 1


def index_bytes(collection: Collection, release: Release) -> bytes:
    """Return the bytes of an index; the same collection always yields the same bytes."""
    tables = dict(zip(TABLES, _tables(collection), strict=True))
    lines = [f"release\t{release.id}\t{release.version}"]
    body = bytearray()
    for table, rows in tables.items():
        for block in _cut(rows):
            data = encode_block(block)
            lines.append(f"{table}\t{len(body)}\t{len(data)}\t{zlib.crc32(data)}\t{len(block)}\t{block[0][0]}")
            body += data
    directory = zlib.compress("\n".join(lines).encode("utf-8"), 9)
    return HEADER.pack(MAGIC, FORMAT, len(directory), zlib.crc32(directory)) + directory + bytes(body)


def write_index(path: Path, content: bytes) -> None:
    """Write an index in one move, so that no reader meets half of it. UsageError where that fails."""
    try:
        with tempfile.NamedTemporaryFile(dir=path.absolute().parent, prefix=".index-", delete=False) as stream:
            aside = Path(stream.name)
            try:
                stream.write(content)
                stream.flush()
                aside.chmod(0o644)
                aside.replace(path)
            finally:
                aside.unlink(missing_ok=True)
    except OSError as error:
        raise UsageError(f"cannot write the index {path}: {error.strerror}") from error


def _tables(collection: Collection) -> tuple[list[Row], list[Row], list[Row]]:
    locations = sorted(collection.locations)
    names = sorted({name for _, listed in locations for name in listed.split(",")})
    package_number = {name: number for number, name in enumerate(names)}
    packages = [(name, _facts(collection.package(name))) for name in names]
    places = [(directory, tuple(package_number[name] for name in listed.split(","))) for directory, listed in locations]
    # Locations were numbered as they came; in the file they are numbered as they are sorted.
    number = {collection.locations[location]: place for place, location in enumerate(locations)}
    files = sorted(collection.files.items())
    return packages, places, [(name, tuple(sorted(number[old] for old in numbers))) for name, numbers in files]


def _facts(package: Package) -> tuple[int, ...]:
    flags = DEVELOPMENT * package.development + SERVICE * package.service
    return flags, min(package.uses, _MOST_USES)


def _cut(rows: Sequence[Row]) -> Iterator[Sequence[Row]]:
    for start in range(0, len(rows), ROWS_PER_BLOCK):
        yield rows[start : start + ROWS_PER_BLOCK]
