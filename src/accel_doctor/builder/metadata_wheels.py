"""Make a wheel of a source's metadata alone, from what its backend returned (PEP 517: hook
prepare_metadata_for_build_wheel).

Resolvers take it for the wheel that the source will be built to; it is never installed.
"""

from __future__ import annotations

import os
import stat
import zipfile
from email.parser import Parser
from pathlib import Path

from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

_LONGEST = 16 << 20  # bytes
_TAG = "py3-none-any"


def metadata_wheel(returned: Path, directory: Path) -> Path:
    """Return the new wheel in ``directory`` that has the METADATA of the directory ``returned``.

    Raises ValueError, with the reason, if that is not what the specification asks for
    (https://packaging.python.org/en/latest/specifications/core-metadata/).
    """
    content = _read(returned)
    fields = Parser().parsestr(content.decode("utf-8", "replace"), headersonly=True)
    try:
        name, version = canonicalize_name(str(fields["Name"]), validate=True), Version(str(fields["Version"]))
    except (InvalidVersion, ValueError) as error:
        raise ValueError(f"its metadata is invalid: {error}") from error
    stem = f"{name.replace('-', '_')}-{version}"
    wheel = directory / f"{stem}-{_TAG}.whl"
    with zipfile.ZipFile(wheel, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(f"{stem}.dist-info/METADATA", content)
        archive.writestr(f"{stem}.dist-info/WHEEL", f"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: {_TAG}\n")
        archive.writestr(f"{stem}.dist-info/RECORD", "")
    return wheel


def _read(returned: Path) -> bytes:
    if returned.is_symlink() or not returned.name.endswith(".dist-info"):
        raise ValueError("it is no directory of metadata")
    try:
        descriptor = os.open(returned / "METADATA", os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise ValueError(f"its METADATA cannot be read: {error.strerror}") from error
    with os.fdopen(descriptor, "rb") as stream:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode) or found.st_size > _LONGEST:
            raise ValueError("its METADATA is no regular file, or too long")
        return stream.read(_LONGEST)
