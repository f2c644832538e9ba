"""Read and unpack sources: tar and zip archives, and directories, within bounds on files and bytes."""

from __future__ import annotations

import lzma
import os
import shutil
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from io import BytesIO, FileIO
from pathlib import Path, PurePosixPath
from typing import IO, NamedTuple, TypeVar

from accel_doctor.errors import RequirementsError

_MOST_FILES = 100_000
_MOST_BYTES = 8 << 30  # unpacked
_UNREADABLE = (
    EOFError,
    LookupError,
    NotImplementedError,
    OSError,
    RuntimeError,
    ValueError,
    lzma.LZMAError,
    tarfile.TarError,
    zipfile.BadZipFile,
    zlib.error,
)


_Item = TypeVar("_Item")


class SourceFile(NamedTuple):
    """A file of a source: its path, without the top directory of an archive, its size in bytes, and how to open it."""

    path: PurePosixPath
    size: int
    opened: Callable[[], IO[bytes]]

    def start(self, limit: int) -> bytes:
        """Read up to ``limit`` bytes from the start."""
        with self.opened() as stream:
            return stream.read(limit)


class _Member(NamedTuple):
    path: PurePosixPath  # as archived
    size: int
    opened: Callable[[], IO[bytes]]
    is_directory: bool = False
    link: str | None = None  # target of a symbolic link
    executable: bool = False
    modified: float | None = None  # seconds since the epoch


@contextmanager
def source_files(source: Path) -> Iterator[Iterator[SourceFile]]:
    """Open an archive or a directory and give its regular files, to be read in the ``with`` block, in this order.

    Raises RequirementsError if it is damaged, has another format, or has too many files.
    """
    with _readable(source):
        yield _in_directory(source) if source.is_dir() else _in_archive(source)


def unpack(archive: Path, directory: Path) -> Path:
    """Unpack an archive into an empty directory and return the tree: its only directory, or else ``directory``.

    Symbolic links that lead out are left out. Raises RequirementsError for an unreadable archive, for members that lead
    out of it, for devices, and for more files or bytes than any real source has. What was unpacked before stays.
    """
    directory.mkdir(parents=True, exist_ok=True)
    top, left = Path(os.path.realpath(directory)), _MOST_BYTES
    with _readable(archive):
        for member in _bounded(_members(archive)):
            if member.size > left:
                raise ValueError(f"more than {_MOST_BYTES >> 30} GB unpacked")
            left -= _unpack_member(member, top)
    found = list(directory.iterdir())
    return found[0] if len(found) == 1 and found[0].is_dir() and not found[0].is_symlink() else directory


@contextmanager
def _readable(source: Path) -> Iterator[None]:
    try:
        yield
    except _UNREADABLE as error:
        raise RequirementsError(f"{source.name}: cannot read this source: {error or type(error).__name__}") from error


def _in_directory(directory: Path) -> Iterator[SourceFile]:
    for path in _bounded(directory.rglob("*")):
        if ".git" not in path.parts and path.is_file():
            yield SourceFile(PurePosixPath(path.relative_to(directory)), path.stat().st_size, partial(FileIO, path))


def _in_archive(archive: Path) -> Iterator[SourceFile]:
    above = 0 if archive.suffix == ".whl" else 1  # directories above the files
    for member in _bounded(_members(archive)):
        if not member.is_directory and member.link is None:
            yield SourceFile(PurePosixPath(*member.path.parts[above:]), member.size, member.opened)


def _bounded(items: Iterator[_Item]) -> Iterator[_Item]:
    for count, item in enumerate(items):
        if count >= _MOST_FILES:
            raise ValueError(f"more than {_MOST_FILES} files")
        yield item


def _members(archive: Path) -> Iterator[_Member]:
    return _members_of_zip(archive) if zipfile.is_zipfile(archive) else _members_of_tar(archive)


def _members_of_zip(archive: Path) -> Iterator[_Member]:
    with zipfile.ZipFile(archive) as opened:
        for info in opened.infolist():
            executable = bool(info.external_attr >> 16 & stat.S_IXUSR)
            path = PurePosixPath(info.filename)
            yield _Member(path, info.file_size, partial(opened.open, info), info.is_dir(), executable=executable)


def _members_of_tar(archive: Path) -> Iterator[_Member]:
    with tarfile.open(archive) as opened:
        for info in opened:
            path, executable = PurePosixPath(info.name), bool(info.mode & stat.S_IXUSR)
            link = info.linkname if info.issym() else None
            if not (info.isfile() or info.isdir() or info.islnk() or link):
                raise ValueError(f"{info.name}: neither a file nor a directory nor a link")
            content = partial(_content, opened, info)
            yield _Member(path, info.size, content, info.isdir(), link, executable, info.mtime)


def _content(archive: tarfile.TarFile, info: tarfile.TarInfo) -> IO[bytes]:
    return archive.extractfile(info) or BytesIO()  # of a hard link, the content of the file that it names


def _unpack_member(member: _Member, top: Path) -> int:
    """Return how many bytes were written: a hard link has no size in the archive."""
    if member.path.is_absolute() or ".." in member.path.parts or "\0" in str(member.path):
        raise ValueError(f"{member.path}: leads out of the archive")
    target = top / member.path
    _expect_inside(target.parent, top, member)
    if member.is_directory:
        _expect_inside(target, top, member)
        target.mkdir(parents=True, exist_ok=True)
        return 0
    target.parent.mkdir(parents=True, exist_ok=True)
    target.unlink(missing_ok=True)  # never write through a link of the same name
    if member.link is not None:
        if _is_inside(target.parent / member.link, top):
            target.symlink_to(member.link)
        return 0
    with member.opened() as stream, target.open("xb") as file:
        shutil.copyfileobj(stream, file)
        written = file.tell()
    if member.executable:
        target.chmod(target.stat().st_mode | 0o111)
    if member.modified is not None:
        os.utime(target, (member.modified, member.modified))  # make and autoconf compare them
    return written


def _expect_inside(path: Path, top: Path, member: _Member) -> None:
    if not _is_inside(path, top):
        raise ValueError(f"{member.path}: leads out of the archive")


def _is_inside(path: Path, top: Path) -> bool:
    return Path(os.path.realpath(path)).is_relative_to(top)
