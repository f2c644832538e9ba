"""Open compressed files by their magic bytes."""

from __future__ import annotations

import importlib
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from accel_doctor.errors import UsageError

# zstd is in the standard library since 3.14; older versions may have a backport installed.
_ZSTD = ("compression.zstd", "backports.zstd")
_MODULES = {b"\x1f\x8b": ("gzip",), b"\xfd7zXZ\x00": ("lzma",), b"BZh": ("bz2",), b"\x28\xb5\x2f\xfd": _ZSTD}
_DAMAGE = ("BadGzipFile", "LZMAError", "ZstdError")


@contextmanager
def decompressed(path: Path) -> Iterator[Any]:
    """Yield a file's content as a stream, decompressed if need be. Raises OSError, ValueError if the file is damaged,
    and UsageError if this Python cannot decompress it."""
    with path.open("rb") as plain:
        beginning = plain.read(6)
        plain.seek(0)
        names = next((names for mark, names in _MODULES.items() if beginning.startswith(mark)), None)
        if names is None:
            yield plain
            return
        module = _first(names)
        if module is None:
            raise UsageError(
                f"{path}: zstd-compressed, which this Python cannot read",
                hint=f"run: zstd -d {path}, or install 'accel-doctor[zstd]' with pipx, uv tool or pip",
            )
        damage = [getattr(module, name) for name in _DAMAGE if hasattr(module, name)]
        try:
            with module.open(plain) as stream:
                yield stream
        except (EOFError, zlib.error, *damage) as error:
            raise ValueError(str(error)) from error


def find_zstd() -> Any:
    """Return the zstd module; None if none is installed."""
    return _first(_ZSTD)


def _first(names: Sequence[str]) -> Any:
    for name in names:
        try:
            return importlib.import_module(name)
        except ImportError:
            continue
    return None
