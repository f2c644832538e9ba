"""Where libraries are looked for: the one home of the orders in which the loader and the linker search."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from accel_doctor.model.machine import Interpreter, Origin

_PATH_FILE_LIMIT = 64 * 1024  # bytes
_USUAL = ("lib64", "usr/lib64", "lib", "usr/lib")
_MUSL_DEFAULT = ("lib", "usr/local/lib", "usr/lib")


def multiarch_names(interpreter: Interpreter) -> list[str]:
    """Return Debian's names for this architecture (x86_64-linux-gnu), as the interpreter's own SOABI ends."""
    machine = interpreter.platform.partition("-")[2]
    return list(dict.fromkeys([*interpreter.soabi.split("-", 2)[2:], f"{machine}-linux-gnu"]))


def loader_folders(interpreter: Interpreter, root: Path) -> list[Path]:
    """Return the folders that the loader searches by itself, in order: after LD_LIBRARY_PATH and ldconfig's cache."""
    folders = [root / place for place in (*_musl_path(interpreter, root), *_USUAL)]
    folders += [root / base / name for name in multiarch_names(interpreter) for base in ("lib", "usr/lib")]
    if interpreter.origin is Origin.CONDA:  # its interpreters have this in their RPATH, which all inherit
        folders.insert(0, interpreter.base_prefix / "lib")
    return folders


def linker_folders(interpreter: Interpreter, root: Path) -> list[Path]:
    """Return the folders in which gcc looks for what ``-l`` names, after LIBRARY_PATH."""
    places = ["usr/local/lib", "usr/local/lib64", *_USUAL]
    bases = ("usr/lib", "lib", "usr/local/lib")
    places += [f"{base}/{name}" for name in multiarch_names(interpreter) for base in bases]
    return [root / place for place in places]


def _musl_path(interpreter: Interpreter, root: Path) -> Sequence[str]:
    """Return musl's /etc/ld-musl-ARCH.path, or its default: https://musl.libc.org/doc/1.1.24/manual.html"""
    if not interpreter.libc.startswith("musl"):
        return ()
    for file in (root / "etc").glob("ld-musl-*.path"):
        with file.open(encoding="utf-8", errors="replace") as lines:
            return [part.lstrip("/") for part in re.split(r"[:\n]", lines.read(_PATH_FILE_LIMIT)) if part]
    return _MUSL_DEFAULT
