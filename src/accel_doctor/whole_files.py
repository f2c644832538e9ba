"""Write files atomically."""

from __future__ import annotations

import secrets
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
