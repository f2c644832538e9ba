"""Wheels and sdists of a project "tiny" in any state, and the forms with which clients upload them."""

from __future__ import annotations

import gzip
import hashlib
import io
import tarfile
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from tiny_wheel import INFO, write_tiny_wheel

from accel_doctor.index.uploads import Upload

SDIST = "tiny-1.0.tar.gz"
PKG_INFO = b"Metadata-Version: 2.1\nName: tiny\nVersion: 1.0\n"


def upload_of(path: Path, **fields: str | Sequence[str] | None) -> Upload:
    """Return the upload that twine makes of a file; ``fields`` replace those of the form (None: without it)."""
    content = path.read_bytes()
    form: dict[str, str | Sequence[str] | None] = {
        ":action": "file_upload",
        "protocol_version": "1",
        "name": "tiny",
        "version": "1.0",
        "filetype": "bdist_wheel" if path.suffix == ".whl" else "sdist",
        "metadata_version": "2.3",
        "sha256_digest": hashlib.sha256(content).hexdigest(),
        "blake2_256_digest": hashlib.blake2b(content, digest_size=32).hexdigest(),
        "md5_digest": hashlib.md5(content).hexdigest(),
        **{":action" if name == "action" else name: value for name, value in fields.items()},
    }
    lists = {key: [one] if isinstance(one, str) else list(one) for key, one in form.items() if one is not None}
    return Upload(lists, path.name, path)


def tiny_sdist(
    place: Path, members: Sequence[tarfile.TarInfo | tuple[str, bytes]] = (), pkg_info: bytes | None = PKG_INFO
) -> Path:
    """Write an sdist with these members besides its PKG-INFO; return its path."""
    packed = io.BytesIO()
    first = [("tiny-1.0/PKG-INFO", pkg_info)] if pkg_info is not None else []
    with tarfile.open(fileobj=packed, mode="w") as archive:
        for member in (*first, *members):
            if isinstance(member, tuple):
                info = tarfile.TarInfo(member[0])
                info.size = len(member[1])
                archive.addfile(info, io.BytesIO(member[1]))
            else:
                archive.addfile(member)
    path = place / SDIST
    path.write_bytes(gzip.compress(packed.getvalue(), mtime=0))
    return path


def special(name: str, kind: bytes, target: str = "") -> tarfile.TarInfo:
    """Return a member that is no regular file."""
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, target
    return info


def changed_wheel(
    place: Path,
    replaced: Mapping[str, bytes | None] | None = None,
    added: Sequence[tuple[zipfile.ZipInfo, bytes]] = (),
    compression: int = zipfile.ZIP_DEFLATED,
) -> Path:
    """Write a wheel whose files of ``INFO`` are replaced or left out after RECORD was made; return its path."""
    path = write_tiny_wheel(place, {"tiny.py": b"x = 1\n"})
    with zipfile.ZipFile(path) as archive:
        content = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, data in {**content, **(replaced or {})}.items():
            if data is not None:
                archive.writestr(name, data)
        for info, data in added:
            archive.writestr(info, data, compression)
    return path


def in_info(name: str) -> str:
    """Return the path of a file of the wheel's metadata."""
    return f"{INFO}/{name}"
