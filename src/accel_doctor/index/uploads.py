"""Check what someone uploads to an index: the form, the file name, the digests and the file must all say the same.

https://docs.pypi.org/api/upload/ has the form. It is what twine, uv, flit, poetry and pdm send.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from packaging.metadata import InvalidMetadata, Metadata, parse_email
from packaging.utils import (
    InvalidName,
    InvalidSdistFilename,
    InvalidWheelFilename,
    canonicalize_name,
    parse_sdist_filename,
    parse_wheel_filename,
)
from packaging.version import InvalidVersion, Version

from accel_doctor.index.bounded_reading import BLOCK, RefusedError, shown
from accel_doctor.index.uploaded_sdists import sdist_metadata
from accel_doctor.index.uploaded_wheels import wheel_metadata
from accel_doctor.wording import shortened

_FILENAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+!-]{0,199}")
_LONGEST = 100  # characters of a name or version
_DIGESTS = ("sha256_digest", "blake2_256_digest", "md5_digest")
FORM_FIELDS = (":action", "protocol_version", "name", "version", "filetype", *_DIGESTS)  # that are read
_TYPES = {"bdist_wheel": ".whl", "sdist": ".tar.gz"}
_METADATA_VERSION = re.compile(
    r"[12]\.[0-9]"
)  # another minor version may be read, by its specification; 2.0 was a draft
_SAID_ONCE = ("name", "version", "metadata-version", "requires-python")


@dataclass(frozen=True)
class Upload:
    """Hold what someone sent: the fields of the form but for the file, the name that it was sent under, and where
    it is."""

    fields: Mapping[str, Sequence[str]]
    filename: str
    path: Path


@dataclass(frozen=True)
class CheckedUpload:
    """Describe a file that can be published."""

    project: str  # normalized
    version: Version
    filename: str
    size: int
    sha256: str
    requires_python: str | None
    metadata: bytes  # METADATA of a wheel, PKG-INFO of an sdist


@dataclass(frozen=True)
class Refused:
    """Say why a file cannot be published, safe to print."""

    reason: str


def check_upload(upload: Upload) -> CheckedUpload | Refused:
    """Return what an upload is, or why it is refused. It reads the whole file. Raises OSError if it cannot."""
    try:
        return _checked(upload)
    except RefusedError as error:
        return Refused(str(error))


def named_project(fields: Mapping[str, Sequence[str]]) -> str | Refused:
    """Return the normalized project that a form names, or why it names none."""
    try:
        return _project(fields)
    except RefusedError as error:
        return Refused(str(error))


def _checked(upload: Upload) -> CheckedUpload:
    fields, name = upload.fields, upload.filename
    if _one(fields, ":action") != "file_upload":
        raise RefusedError(f":action {shown(_one(fields, ':action'))} is unknown: only file_upload is")
    if _one(fields, "protocol_version", "1") != "1":
        raise RefusedError(f"protocol_version {shown(_one(fields, 'protocol_version'))} is unknown: only 1 is")
    project, version = _project(fields), _version(fields)
    _check_filename(name, _one(fields, "filetype"), project, version)
    sha256, size = _check_digests(fields, upload.path)
    read = wheel_metadata if name.endswith(".whl") else sdist_metadata
    try:
        content = read(upload.path, project, version)
        requires_python = _check_metadata(content, project, version)
    except RefusedError as error:
        raise RefusedError(f"{name}: {error}") from error
    return CheckedUpload(project, version, name, size, sha256, requires_python, content)


def _one(fields: Mapping[str, Sequence[str]], name: str, default: str | None = None) -> str:
    values = fields.get(name, [] if default is None else [default])
    if len(values) != 1:
        raise RefusedError(f"the form has {'no' if not values else 'more than one'} {name}")
    return values[0]


def _project(fields: Mapping[str, Sequence[str]]) -> str:
    name = _one(fields, "name")
    try:
        if len(name) <= _LONGEST:
            return canonicalize_name(name, validate=True)
    except InvalidName:
        pass
    raise RefusedError(f"{shown(name)} is no name for a project")


def _version(fields: Mapping[str, Sequence[str]]) -> Version:
    version = _one(fields, "version")
    try:
        if len(version) <= _LONGEST:
            return Version(version)
    except InvalidVersion:
        pass
    raise RefusedError(f"{shown(version)} is no version")


def _check_filename(name: str, kind: str, project: str, version: Version) -> None:
    if kind not in _TYPES:
        raise RefusedError(f"filetype {shown(kind)} is unknown: only bdist_wheel and sdist are")
    if not _FILENAME.fullmatch(name) or not name.endswith(tuple(_TYPES.values())):
        raise RefusedError(f"{shown(name)} is no file name of a wheel (.whl) or an sdist (.tar.gz)")
    if not name.endswith(_TYPES[kind]):
        raise RefusedError(f"{shown(name)} is no {kind}, as the form says")
    try:
        named = parse_wheel_filename(name)[:2] if kind == "bdist_wheel" else parse_sdist_filename(name)
    except (InvalidWheelFilename, InvalidSdistFilename, InvalidVersion):
        raise RefusedError(f"{shown(name)} is no file name of a wheel (.whl) or an sdist (.tar.gz)") from None
    if named != (project, version):
        raise RefusedError(f"{shown(name)} is of another name or version than the form says: {project} {version}")


def _check_digests(fields: Mapping[str, Sequence[str]], path: Path) -> tuple[str, int]:
    """Return the SHA-256 and the size of a file. Raises RefusedError if it has not the digests that were announced."""
    made = (hashlib.sha256(), hashlib.blake2b(digest_size=32), hashlib.md5(usedforsecurity=False))
    hashes: Mapping[str, Any] = dict(zip(_DIGESTS, made, strict=True))
    announced = {name: _one(fields, name).lower() for name in hashes if "".join(fields.get(name, ()))}
    if not announced.keys() - {"md5_digest"}:
        raise RefusedError("the form has neither a sha256_digest nor a blake2_256_digest")
    size = 0
    with path.open("rb") as stream:
        while block := stream.read(BLOCK):
            size += len(block)
            for digest in hashes.values():
                digest.update(block)
    for name, expected in announced.items():
        if expected != hashes[name].hexdigest():
            raise RefusedError(f"{name} mismatch: expected {shown(expected)}, got {hashes[name].hexdigest()}")
    return hashes["sha256_digest"].hexdigest(), size


def _check_metadata(content: bytes, project: str, version: Version) -> str | None:
    """Return the Requires-Python. What the form says besides is not compared: flit announces other versions of the
    metadata than it writes."""
    if b"\0" in content:
        raise RefusedError("its metadata have a NUL")
    raw, unparsed = parse_email(content)
    if not _METADATA_VERSION.fullmatch(format_version := raw.get("metadata_version", "")):
        raise RefusedError(f"unknown Metadata-Version {shown(format_version)}")
    for name in _SAID_ONCE:
        if name in unparsed:
            raise RefusedError(f"its metadata have more than one {name.title()}, or one that cannot be read")
    try:
        metadata = Metadata.from_raw(raw, validate=False)  # what pip and uv do not read may be as old tools wrote it
        _, requires_python = metadata.requires_dist, metadata.requires_python
        found = canonicalize_name(metadata.name, validate=True), metadata.version
    except (InvalidMetadata, InvalidName) as error:
        raise RefusedError(f"its metadata cannot be used: {shortened(str(error), 200)}") from error
    if found != (project, version):
        raise RefusedError(f"its metadata are of {found[0]} {found[1]}, not of {project} {version}")
    return str(requires_python) if requires_python is not None else None
