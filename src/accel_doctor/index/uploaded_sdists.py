"""Read an sdist that someone uploads, whole and within bounds.

https://packaging.python.org/en/latest/specifications/source-distribution-format/
"""

from __future__ import annotations

import gzip
import tarfile
import zlib
from pathlib import Path, PurePosixPath
from posixpath import normpath
from typing import BinaryIO, cast

from packaging.utils import InvalidSdistFilename, parse_sdist_filename
from packaging.version import Version

from accel_doctor.index.bounded_reading import (
    BLOCK,
    MOST_MEMBERS,
    MOST_METADATA,
    BoundedReader,
    RefusedError,
    member_path,
    most_unpacked,
    shown,
)


def sdist_metadata(path: Path, project: str, version: Version) -> bytes:
    """Return the PKG-INFO of an sdist of a project. Raises RefusedError if it is damaged or dangerous."""
    try:
        with gzip.open(path) as unpacked:
            stream = cast("BinaryIO", BoundedReader(cast("BinaryIO", unpacked), most_unpacked(path.stat().st_size)))
            with tarfile.open(fileobj=stream, mode="r:") as archive:
                metadata = _checked(archive, project, version)
                stream.seek(archive.offset)
            _expect_end(stream)
            return metadata
    except RefusedError:
        raise
    except (tarfile.TarError, gzip.BadGzipFile, zlib.error, EOFError, OverflowError, ValueError) as error:
        raise RefusedError(f"not a .tar.gz, or damaged: {error or type(error).__name__}") from error


def _checked(archive: tarfile.TarFile, project: str, version: Version) -> bytes:
    seen: dict[PurePosixPath, bool] = {}  # the value: it is a link
    metadata = None
    for member in archive:
        path = member_path(member.name)
        if len(seen) >= MOST_MEMBERS:
            raise RefusedError(f"more than {MOST_MEMBERS} files")
        if path in seen and not member.isdir():
            raise RefusedError(f"{shown(member.name)} is in it twice")
        if any(seen.get(parent) for parent in path.parents):
            raise RefusedError(f"{shown(member.name)} is below a link")
        seen[path] = _is_link(member, path)
        if path.parts[0] != next(iter(seen)).parts[0]:
            raise RefusedError("has more than one top directory")
        if len(path.parts) == 2 and path.name == "PKG-INFO":
            metadata = _read(archive, member)
    if not seen:
        raise RefusedError("has no files")
    _check_root(next(iter(seen)).parts[0], project, version)
    if metadata is None:
        raise RefusedError("has no PKG-INFO")
    return metadata


def _is_link(member: tarfile.TarInfo, path: PurePosixPath) -> bool:
    """Return whether it is a link. Raises RefusedError if that leads out, and for what is no file, either."""
    if member.issym() or member.islnk():
        target = PurePosixPath(normpath(path.parent / member.linkname if member.issym() else member.linkname))
        if member.linkname.startswith("/") or target.parts[:1] != path.parts[:1]:
            raise RefusedError(f"{shown(member.name)} is a link that leads out of the archive")
        return True
    if not (member.isfile() or member.isdir()) or member.issparse():
        raise RefusedError(f"{shown(member.name)} is neither a file nor a directory nor a link")
    return False


def _check_root(root: str, project: str, version: Version) -> None:
    try:
        found = parse_sdist_filename(f"{root}.tar.gz")
    except InvalidSdistFilename:
        found = None
    if found != (project, version):
        raise RefusedError(f"its directory {shown(root)} is of another name or version than the file name")


def _read(archive: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
    content = archive.extractfile(member) if member.isfile() else None
    if content is None:
        raise RefusedError("PKG-INFO is not a file")
    if member.size > MOST_METADATA:
        raise RefusedError(f"PKG-INFO is larger than {MOST_METADATA >> 20} MB")
    return content.read()


def _expect_end(stream: BinaryIO) -> None:
    """Expect zeros only after the last member: tarfile takes a damaged header for the end."""
    while block := stream.read(BLOCK):
        if block.strip(b"\0"):
            raise RefusedError("not a .tar.gz, or damaged: there is something after its end")
