"""Write files atomically, and see beforehand whether any can be written."""

from __future__ import annotations

import errno
import os
import secrets
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def replacing(target: Path, directory: Path | None = None) -> Iterator[Path]:
    """Yield a path beside ``target``, or in ``directory``. The file written there atomically replaces ``target`` if the
    block succeeds."""
    aside = (directory or target.parent) / f".{secrets.token_hex(16)}.part"
    try:
        yield aside
        aside.replace(target)
    except BaseException:
        aside.unlink(missing_ok=True)
        raise


def check_writable(directory: Path) -> None:
    """Make a directory if there is none, and write into it. Raises OSError if that fails."""
    try:
        directory.mkdir(parents=True, exist_ok=True)
    except FileExistsError:
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(directory)) from None
    with tempfile.TemporaryFile(dir=directory) as probe:
        probe.write(bytes(4096))  # a full disk still has names
        probe.flush()
