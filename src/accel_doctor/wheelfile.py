"""Read a wheel's metadata: whether it contains binaries, and which backend built it.

https://packaging.python.org/en/latest/specifications/binary-distribution-format/
"""

from __future__ import annotations

import re
import zipfile
from pathlib import Path

_LIMIT = 64 << 10  # bytes of WHEEL; real ones have about a hundred
_METADATA = re.compile(r"[^/]+\.dist-info/WHEEL")
_GENERATOR = re.compile(r"([A-Za-z0-9][A-Za-z0-9._-]{0,100}) \(?([0-9][A-Za-z0-9.+!]{0,50})\)?")
_BINARY = re.compile(r"\.(?:so|pyd|dylib|a)(?:\.[0-9.]+)?$")
_PROJECTS = {"bdist_wheel": "wheel"}  # the only generator whose name differs from its project


def is_pure(wheel: Path) -> bool:
    """Return whether a wheel works with every Python 3 on every platform, by both its tags and
    ``Root-Is-Purelib``."""
    from packaging.utils import InvalidWheelFilename, parse_wheel_filename

    try:
        tags = parse_wheel_filename(wheel.name)[3]
    except InvalidWheelFilename:
        return False
    universal = any((tag.interpreter, tag.abi, tag.platform) == ("py3", "none", "any") for tag in tags)
    return universal and _metadata(wheel).get("root-is-purelib", "").lower() == "true"


def has_binaries(wheel: Path) -> bool:
    """Return whether a wheel contains extension modules or libraries; True if it cannot be read."""
    try:
        with zipfile.ZipFile(wheel) as archive:
            return any(_BINARY.search(name) for name in archive.namelist())
    except (OSError, ValueError, zipfile.BadZipFile):
        return True


def extension_modules(wheel: Path) -> frozenset[str]:
    """Return the names of a wheel's extension modules, without those of their packages; none if it cannot be read."""
    try:
        with zipfile.ZipFile(wheel) as archive:
            names = [name.rpartition("/")[2] for name in archive.namelist()]
    except (OSError, ValueError, zipfile.BadZipFile):
        return frozenset()
    return frozenset(name.partition(".")[0] for name in names if name.endswith((".so", ".pyd")))


def generator(wheel: Path) -> str | None:
    """Return the backend that built a wheel, as a requirement: ``setuptools==80.9.0``; None if the wheel does not
    name it."""
    said = _GENERATOR.fullmatch(_metadata(wheel).get("generator", ""))
    return f"{_PROJECTS.get(said[1], said[1])}=={said[2]}" if said else None


def _metadata(wheel: Path) -> dict[str, str]:
    """Return the fields of its WHEEL file, names in lower case; empty if it cannot be read."""
    try:
        with zipfile.ZipFile(wheel) as archive:
            names = [name for name in archive.namelist() if _METADATA.fullmatch(name)]
            if len(names) != 1 or archive.getinfo(names[0]).file_size > _LIMIT:
                return {}
            text = archive.read(names[0]).decode("utf-8", "replace")
    except (OSError, ValueError, zipfile.BadZipFile, NotImplementedError, RuntimeError):
        return {}
    from email.parser import Parser

    return {name.lower(): str(value).strip() for name, value in Parser().parsestr(text).items()}
