"""Read a wheel that someone uploads, whole and within bounds.

https://packaging.python.org/en/latest/specifications/binary-distribution-format/
"""

from __future__ import annotations

import base64
import csv
import hashlib
import re
import stat
import struct
import zipfile
import zlib
from collections.abc import Sequence
from email.parser import Parser
from io import StringIO
from pathlib import Path
from typing import BinaryIO, cast

from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

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

_LOCAL_HEADER = struct.Struct("<4s5H3L2H")
_DESCRIPTORS = (0, 12, 16, 20, 24)  # bytes after a member whose sizes were not known before it
_ENCRYPTED, _HAS_DESCRIPTOR, _IN_UTF8 = 0x1, 0x8, 0x800
_END, _END_MARK = 22, b"PK\5\6"  # bytes of the last record, if it has no comment; how it begins
_COMPRESSIONS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_UNLISTED = ("RECORD", "RECORD.jws", "RECORD.p7s")  # have no hash in RECORD
_HASHES = ("sha256", "sha384", "sha512")
_UNREADABLE = (
    zipfile.BadZipFile,
    zlib.error,
    csv.Error,
    struct.error,
    EOFError,
    NotImplementedError,
    OverflowError,
    ValueError,
)
_DIST_INFO = re.compile(r"(?P<name>[^-]+)-(?P<version>[^-]+)\.dist-info")


def wheel_metadata(path: Path, project: str, version: Version) -> bytes:
    """Return the METADATA of a wheel of a project. Raises RefusedError if pip or uv would not install it, or could
    read it in another way than this."""
    try:
        with path.open("rb") as stream:
            size = stream.seek(0, 2)
            reader = cast("BinaryIO", BoundedReader(stream, size))
            with zipfile.ZipFile(reader) as archive:
                return _checked(archive, stream, size, project, version)
    except RefusedError:
        raise
    except _UNREADABLE as error:
        raise RefusedError(f"not a wheel, or damaged: {error or type(error).__name__}") from error


def _checked(archive: zipfile.ZipFile, stream: BinaryIO, size: int, project: str, version: Version) -> bytes:
    members = archive.infolist()
    if len(members) > MOST_MEMBERS:
        raise RefusedError(f"more than {MOST_MEMBERS} files")
    seen: set[str] = set()
    for member in members:
        _check_member(member)
        if member.filename.removesuffix("/") in seen:
            raise RefusedError(f"{shown(member.filename)} is in it twice")
        seen.add(member.filename.removesuffix("/"))
    if sum(member.file_size for member in members) > most_unpacked(size):
        raise RefusedError("far too large unpacked")
    _check_layout(archive, stream, size)
    files = [member.filename for member in members if not member.is_dir()]
    info = _dist_info(files, project, version)
    _check_record(archive, info, files)
    _check_wheel_file(_read(archive, f"{info}/WHEEL"))
    return _read(archive, f"{info}/METADATA")


def _check_member(member: zipfile.ZipInfo) -> None:
    member_path(member.orig_filename)
    if stat.S_IFMT(member.external_attr >> 16) not in (0, stat.S_IFREG, stat.S_IFDIR):
        raise RefusedError(f"{shown(member.filename)} is neither a file nor a directory")
    if member.flag_bits & _ENCRYPTED:
        raise RefusedError(f"{shown(member.filename)} is encrypted")
    if member.compress_type not in _COMPRESSIONS:
        raise RefusedError(f"{shown(member.filename)} is compressed in a way that wheels are not")


def _check_layout(archive: zipfile.ZipFile, stream: BinaryIO, size: int) -> None:
    """Expect one member after another, each named the same twice, and nothing before, between and behind them: what
    hides there is read by some installers only."""
    members = sorted(archive.infolist(), key=lambda one: one.header_offset)
    starts = [*(member.header_offset for member in members), archive.start_dir]
    stream.seek(size - _END)
    whole = starts[0] == 0 and stream.read(len(_END_MARK)) == _END_MARK
    for member, following in zip(members, starts[1:], strict=True) if whole else ():
        stream.seek(member.header_offset)
        header = _LOCAL_HEADER.unpack(stream.read(_LOCAL_HEADER.size))
        name, encoding = stream.read(header[9]), "utf-8" if member.flag_bits & _IN_UTF8 else "cp437"
        if name != member.orig_filename.encode(encoding) or member.filename != member.orig_filename:
            raise RefusedError(f"{shown(member.filename)} has two names")
        left = following - stream.tell() - header[10] - member.compress_size
        whole = whole and left in (_DESCRIPTORS if member.flag_bits & _HAS_DESCRIPTOR else (0,))
    if not whole:
        raise RefusedError("not a wheel, or damaged: there are bytes in it that belong to no file")


def _dist_info(files: Sequence[str], project: str, version: Version) -> str:
    found = {top for name in files if (top := name.partition("/")[0]).endswith(".dist-info")}
    if len(found) != 1:
        raise RefusedError(f"has {len(found) or 'no'} .dist-info directories, where one is needed")
    (info,) = found
    parts = _DIST_INFO.fullmatch(info)
    try:
        right = parts and canonicalize_name(parts["name"]) == project and Version(parts["version"]) == version
    except InvalidVersion:
        right = False
    if not right:
        raise RefusedError(f"{shown(info)} is of another name or version than the file name")
    for name in ("METADATA", "WHEEL", "RECORD"):
        if f"{info}/{name}" not in files:
            raise RefusedError(f"has no {info}/{name}")
    return info


def _check_record(archive: zipfile.ZipFile, info: str, files: Sequence[str]) -> None:
    """Read all files, and compare them with RECORD."""
    rows = [row for row in csv.reader(StringIO(_read(archive, f"{info}/RECORD").decode())) if row]
    if any(len(row) != 3 for row in rows):
        raise RefusedError("malformed RECORD")
    listed = {name: digest for name, digest, _ in rows}
    if len(listed) != len(rows):
        raise RefusedError("RECORD lists a file twice")
    unlisted = {f"{info}/{name}" for name in _UNLISTED}
    for name in sorted(listed.keys() - set(files) - unlisted):
        raise RefusedError(f"RECORD lists {shown(name)}, which is not in it")
    for name in files:
        if name in unlisted:
            continue
        if name not in listed:
            raise RefusedError(f"{shown(name)} is not in RECORD")
        algorithm, _, expected = listed[name].partition("=")
        if algorithm not in _HASHES:
            raise RefusedError(f"RECORD has no SHA-256 of {shown(name)}")
        if _digest(archive, name, algorithm) != expected.rstrip("="):
            raise RefusedError(f"{shown(name)} differs from its hash in RECORD")


def _digest(archive: zipfile.ZipFile, name: str, algorithm: str) -> str:
    digest = hashlib.new(algorithm)
    with archive.open(name) as content:
        while block := content.read(BLOCK):
            digest.update(block)
    return base64.urlsafe_b64encode(digest.digest()).decode().rstrip("=")


def _check_wheel_file(content: bytes) -> None:
    version = str(Parser().parsestr(content.decode()).get("Wheel-Version", ""))
    if version.strip().partition(".")[0] != "1":
        raise RefusedError(f"unknown Wheel-Version {shown(version)}")


def _read(archive: zipfile.ZipFile, name: str) -> bytes:
    if archive.getinfo(name).file_size > MOST_METADATA:
        raise RefusedError(f"{shown(name)} is larger than {MOST_METADATA >> 20} MB")
    return archive.read(name)
