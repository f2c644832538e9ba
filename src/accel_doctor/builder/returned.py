"""Take the wheel that a build made: a copy of ours, after a look at what it is.

A build runs its author's code. What it leaves as its wheel may be a link to any file, or no wheel at all.
"""

from __future__ import annotations

import os
import shutil
import stat
import zipfile
import zlib
from email.parser import Parser
from pathlib import Path

from packaging.utils import InvalidWheelFilename, canonicalize_name, parse_wheel_filename
from packaging.version import InvalidVersion, Version

_MOST_BYTES = 8 << 30
_MOST_METADATA = 16 << 20
_NO_WHEEL = (
    zipfile.BadZipFile, NotImplementedError, RuntimeError, KeyError, EOFError, zlib.error, InvalidWheelFilename,
)  # fmt: skip


def taken_wheel(made: Path, directory: Path) -> Path:
    """Copy the wheel ``made`` into the new ``directory``; return the copy, whose owner and mode are ours.

    Raises ValueError, with the reason, for anything but a wheel: a link, a special file, no zip archive, or one whose
    metadata is of another project or version than its name. Raises OSError.
    """
    directory.mkdir(mode=0o700)
    kept = directory / made.name
    try:
        descriptor = os.open(made, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise ValueError("it is a symlink" if made.is_symlink() else str(error)) from error
    found = os.fstat(descriptor)
    if not stat.S_ISREG(found.st_mode):
        os.close(descriptor)
        raise ValueError("it is not a regular file")
    with os.fdopen(descriptor, "rb") as stream:
        if found.st_size > _MOST_BYTES:
            raise ValueError(f"it is larger than {_MOST_BYTES >> 30} GB")
        with kept.open("xb") as copy:
            shutil.copyfileobj(stream, copy, 1 << 20)
    os.utime(kept, ns=(found.st_atime_ns, found.st_mtime_ns))
    try:
        _check(kept)
    except _NO_WHEEL as error:
        raise ValueError(f"it is no wheel: {error}") from error
    return kept


def _check(wheel: Path) -> None:
    name, version, _, _ = parse_wheel_filename(wheel.name)
    with zipfile.ZipFile(wheel) as archive:
        found = [each.rpartition("/")[0] for each in archive.namelist() if _is_metadata(each)]
        if len(found) != 1:
            raise ValueError(f"it has {len(found)} directories of metadata")
        archive.getinfo(f"{found[0]}/WHEEL")
        if archive.getinfo(f"{found[0]}/METADATA").file_size > _MOST_METADATA:
            raise ValueError("its metadata is too long")
        text = archive.read(f"{found[0]}/METADATA").decode("utf-8", "replace")
    fields = Parser().parsestr(text, headersonly=True)
    said = (canonicalize_name(str(fields["Name"])), _version(str(fields["Version"])))
    if said != (name, version):
        raise ValueError(f"its metadata is of {said[0]} {said[1]}")


def _is_metadata(name: str) -> bool:
    return name.count("/") == 1 and name.endswith(".dist-info/METADATA")


def _version(text: str) -> Version | str:
    try:
        return Version(text)
    except InvalidVersion:
        return text[:100]
