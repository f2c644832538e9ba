"""Finds uv."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path


def find_uv(variables: Mapping[str, str]) -> Path | None:
    """Return the uv that was installed along with accel-doctor, else the one on PATH, else None."""
    import uv

    try:
        return Path(uv.find_uv_bin())
    except FileNotFoundError:
        found = shutil.which("uv", path=variables.get("PATH"))
        return Path(found) if found else None
