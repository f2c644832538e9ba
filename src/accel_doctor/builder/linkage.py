"""Find the system libraries that a wheel links: shared libraries that its ELF files need and it does not bundle.

Libraries that nothing provides on this machine, where the wheel was just built, are left out too: another
distribution loads them first (``libtorch.so``), or the import fails everywhere.
"""

from __future__ import annotations

import posixpath
import re
import struct
import tempfile
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import BinaryIO, cast

from accel_doctor.elf import MAGIC, Asked, ElfFacts, libraries_asked_by, read_elf
from accel_doctor.interfaces import Loader
from accel_doctor.model.wheels import Link

# Bounds against malicious zip files; CUDA's libraries are the largest real ones.
_MOST_MEMBERS, _MOST_FILES = 100_000, 2000
_LARGEST_FILE, _LARGEST_SUM = 2 << 30, 8 << 30  # bytes
_IN_MEMORY = 16 << 20  # bytes
_BLOCK = 1 << 20
_PACKED = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
# Errors raised for a forged zip file: RuntimeError for encrypted members; it also covers NotImplementedError.
_UNREADABLE = (OSError, EOFError, ValueError, RuntimeError, zipfile.BadZipFile, zlib.error, struct.error)

_LIBRARY = re.compile(r".*\.so(?:\.[^/]*)?")
_DATA = re.compile(r"[^/]+\.data/(?:platlib|purelib)/")
_PROGRAM = re.compile(r"[^/]+\.data/scripts/[^/]+")


def libraries_asked(wheel: Path) -> list[Asked]:
    """Return the libraries that a wheel's extension modules and programs need and that it does not bundle,
    sorted.

    Skip members that are broken or larger than any real file. Raises zipfile's own errors if the wheel cannot be
    read.
    """
    return libraries_asked_by(dict(_elf_files(wheel)))


def linked_files(wheel: Path, loader: Loader) -> dict[Asked, Path]:
    """Return the libraries that a wheel built on this machine links, each with the file that provides it.

    Empty if the wheel cannot be read.
    """
    try:
        asked = libraries_asked(wheel)
    except _UNREADABLE:
        return {}
    return {one: path for one in asked if (path := _provider(one, loader))}


def links_to(files: Mapping[Asked, Path], owners: Mapping[Path, str], loader: Loader) -> tuple[Link, ...]:
    """Return the links to store with a wheel that links ``files``; ``owners`` maps files to their system packages.

    A library that is only found through a run path of the wheel is recorded by its path, so that the loader looks
    nowhere else.
    """
    links = []
    for one, path in files.items():
        by_path = loader.find(one.soname) is None
        links.append(Link(str(path) if by_path else one.soname, one.versions, owners.get(path)))
    return tuple(link for link in links if not loader.unmet([link]))


def _provider(asked: Asked, loader: Loader) -> Path | None:
    here = (loader.find(posixpath.join(place, asked.soname)) for place in asked.places)
    return loader.find(asked.soname) or next((path for path in here if path), None)


def _elf_files(wheel: Path) -> Iterator[tuple[str, ElfFacts]]:
    """Yield the facts of each ELF file, with the file's name in an environment."""
    total = count = 0
    with zipfile.ZipFile(wheel) as archive:
        for member in archive.infolist()[:_MOST_MEMBERS]:
            name = _DATA.sub("", member.filename, count=1)
            if not (_LIBRARY.fullmatch(name) or _PROGRAM.fullmatch(name)) or member.compress_type not in _PACKED:
                continue
            total += member.file_size
            count += 1
            if total > _LARGEST_SUM or count > _MOST_FILES:
                return
            if facts := _read_member(archive, member):
                yield name, facts


def _read_member(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> ElfFacts | None:
    try:
        with archive.open(member) as packed, tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY) as aside:
            head = packed.read(len(MAGIC))
            if head != MAGIC:
                return None
            aside.write(head)
            while aside.tell() <= _LARGEST_FILE and (block := packed.read(_BLOCK)):
                aside.write(block)
            return read_elf(cast("BinaryIO", aside)) if aside.tell() <= _LARGEST_FILE else None
    except _UNREADABLE:
        return None
