"""Read the package lists of a distribution, compressed or not, with a reader per format."""

from __future__ import annotations

import io
import tarfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import IO

from accel_doctor.compressed import decompressed
from accel_doctor.errors import UsageError
from accel_doctor.fileindex import alpine, arch, debian, rpm_lists
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
from accel_doctor.fileindex.index_file import Package
from accel_doctor.model.machine import Distribution
from accel_doctor.whole_files import replacing

_LARGEST_APKINDEX = 256 << 20  # about a hundred times the size of Alpine's own
_MOST_USES = (1 << 24) - 1
_Reader = Callable[[IO[bytes], Collection], None]


def read_list(path: Path, kind: str, collection: Collection) -> None:
    """Add the files of one list. Raises UsageError if the file cannot be read or is not a list of this kind."""
    readers = LISTS[kind]
    known = next((name for name in readers if name in path.name), None)
    if known is None:
        hint = f"names of these lists contain {' or '.join(readers)}"
        raise UsageError(f"{path}: not the name of a {kind} list", hint=hint)
    try:
        with decompressed(path) as stream:
            readers[known](stream, collection)
    except (OSError, ValueError, tarfile.TarError) as error:
        raise UsageError(f"cannot read {path}: {error}") from error


def _text(reader: Callable[[Iterator[str], Collection], None]) -> _Reader:
    def read(stream: IO[bytes], collection: Collection) -> None:
        lines = io.TextIOWrapper(stream, "utf-8", errors="replace")
        try:
            reader(lines, collection)
        finally:
            lines.detach()  # the caller closes the stream

    return read


def _apkindex(stream: IO[bytes], collection: Collection) -> None:
    with tarfile.open(fileobj=stream, mode="r|") as archive:
        for member in archive:
            content = archive.extractfile(member) if member.name == "APKINDEX" else None
            if content and member.size <= _LARGEST_APKINDEX:
                # Whole: before Python 3.12 a member of a stream cannot be read as text.
                _text(alpine.read_apkindex)(io.BytesIO(content.read()), collection)


# Kind of list -> a part of its file's name -> its reader
LISTS: Mapping[str, Mapping[str, _Reader]] = {
    "alpine": {"APKINDEX": _apkindex},
    "arch": {".files": arch.read_files},
    "debian": {
        "Contents": _text(debian.read_contents),
        "Sources": _text(debian.read_sources),
        "Packages": _text(debian.read_packages),
    },
    "rpm": {"primary.xml": rpm_lists.read_primary, "filelists.xml": rpm_lists.read_filelists},
}


def index_bytes(collection: Collection, release: Distribution) -> bytes:
    """Return the bytes of an index; the same collection always yields the same bytes."""
    lines = [f"release\t{release.id}\t{release.version}"]
    body = bytearray()
    for table, rows in zip(TABLES, _tables(collection), strict=True):
        for start in range(0, len(rows), ROWS_PER_BLOCK):
            block = rows[start : start + ROWS_PER_BLOCK]
            data = encode_block(block)
            lines.append(f"{table}\t{len(body)}\t{len(data)}\t{zlib.crc32(data)}\t{len(block)}\t{block[0][0]}")
            body += data
    directory = zlib.compress("\n".join(lines).encode("utf-8"), 9)
    return HEADER.pack(MAGIC, FORMAT, len(directory), zlib.crc32(directory)) + directory + bytes(body)


def write_index(path: Path, content: bytes) -> None:
    """Write an index atomically, so that no reader sees a partial file. Raises UsageError if that fails."""
    try:
        with replacing(path) as aside:
            aside.write_bytes(content)
    except OSError as error:
        raise UsageError(f"cannot write the index {path}: {error.strerror}") from error


def _tables(collection: Collection) -> tuple[list[Row], list[Row], list[Row]]:
    locations = sorted(collection.locations)
    names = sorted({name for _, listed in locations for name in listed.split(",")})
    package_number = {name: number for number, name in enumerate(names)}
    packages = [(name, _facts(collection.package(name))) for name in names]
    places = [(directory, tuple(package_number[name] for name in listed.split(","))) for directory, listed in locations]
    # Locations were numbered in order of arrival; in the file they are numbered in sorted order.
    number = {collection.locations[location]: place for place, location in enumerate(locations)}
    files = sorted(collection.files.items())
    return packages, places, [(name, tuple(sorted(number[old] for old in numbers))) for name, numbers in files]


def _facts(package: Package) -> tuple[int, ...]:
    flags = DEVELOPMENT * package.development + SERVICE * package.service
    return flags, min(package.uses, _MOST_USES)
