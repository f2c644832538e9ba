"""Packs: pristine, compressed copies of pieces, one object per installed distribution.

A pack begins with the sorted list of its pieces, one ``SHA-256 SIZE`` per line, then an empty line, then their bytes
in the same order. The SHA-256 of that list is the pack's name: the same distribution has the same pack on every
machine, and is sent to a shared level once. It holds no paths, so nothing in it can be written to the wrong place;
each piece is checked against its hash as it is read. Compressed with zstd, or with gzip if Python lacks zstd.
"""

from __future__ import annotations

import gzip
import hashlib
import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO

from accel_doctor.compressed import decompressed, find_zstd
from accel_doctor.errors import AccelDoctorError, UsageError
from accel_doctor.store.environments.pool import BLOCK

_HEAD = b"accel-doctor pack 1\n"
_LINE = re.compile(rb"([0-9a-f]{64}x?) ([0-9]{1,15})\n")
_MOST_PIECES = 2_000_000
_LEVEL = 3  # zstd's default: 300 MB/s on one core, to a third of the size


class DamagedPackError(AccelDoctorError):
    """Raised for a pack whose content does not match its name."""


def listing(sizes: Mapping[str, int]) -> bytes:
    """Return the list of pieces that a pack begins with."""
    return b"".join(f"{piece} {size}\n".encode() for piece, size in sorted(sizes.items()))


def pack_digest(sizes: Mapping[str, int]) -> str:
    """Return the name of the pack of these pieces."""
    return hashlib.sha256(listing(sizes)).hexdigest()


def write_pack(target: Path, sizes: Mapping[str, int], path_of: Callable[[str], str]) -> None:
    """Write a pack of pieces from the pool. Raise DamagedPackError if one does not match its hash."""
    zstd = find_zstd()
    with zstd.open(target, "xb", level=_LEVEL) if zstd else gzip.open(target, "xb", compresslevel=1) as stream:
        stream.write(_HEAD + listing(sizes) + b"\n")
        for piece, size in sorted(sizes.items()):
            digest = hashlib.sha256()
            with open(path_of(piece), "rb") as source:
                while block := source.read(BLOCK):
                    digest.update(block)
                    stream.write(block)
                if source.tell() != size or digest.hexdigest() != piece[:64]:
                    raise DamagedPackError(f"the piece {piece} was changed while it was packed")


def read_pack(source: Path, digest: str, wanted: Collection[str], keep: Callable[[str, Iterator[bytes]], None]) -> None:
    """Pass the bytes of each wanted piece to ``keep``; its hash has been checked when they end.

    Raises DamagedPackError, OSError.
    """
    try:
        with decompressed(source) as stream:
            sizes = _read_listing(stream, digest)
            for piece, size in sizes:
                blocks = _piece(stream, piece, size)
                if piece in wanted:
                    keep(piece, blocks)
                for _ in blocks:  # skip the bytes that were not read
                    pass
    except (ValueError, UsageError) as error:
        raise DamagedPackError(f"the pack {digest} cannot be read: {error}") from error


def _read_listing(stream: IO[bytes], digest: str) -> Sequence[tuple[str, int]]:
    if stream.read(len(_HEAD)) != _HEAD:
        raise DamagedPackError(f"{digest} is not a pack")
    sizes: list[tuple[str, int]] = []
    checksum = hashlib.sha256()
    while (line := stream.readline(128)) != b"\n":
        found = _LINE.fullmatch(line)
        if not found or len(sizes) >= _MOST_PIECES:
            raise DamagedPackError(f"the pack {digest} has a malformed list of pieces")
        checksum.update(line)
        sizes.append((found[1].decode(), int(found[2])))
    if checksum.hexdigest() != digest:
        raise DamagedPackError(f"pack digest mismatch: expected {digest}, got {checksum.hexdigest()}")
    return sizes


def _piece(stream: IO[bytes], piece: str, size: int) -> Iterator[bytes]:
    checksum, left = hashlib.sha256(), size
    while left:
        block = stream.read(min(BLOCK, left))
        if not block:
            raise DamagedPackError(f"the pack is truncated at the piece {piece}")
        checksum.update(block)
        left -= len(block)
        yield block
    if checksum.hexdigest() != piece[:64]:
        raise DamagedPackError(f"SHA-256 mismatch: expected {piece[:64]}, got {checksum.hexdigest()}")
