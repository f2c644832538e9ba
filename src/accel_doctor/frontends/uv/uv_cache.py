"""Find uv's cache, and another one where uv cannot write to its own, without which it fails.

Where it is by default: https://docs.astral.sh/uv/concepts/cache/#cache-directory
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path

from accel_doctor.interfaces import Runner
from accel_doctor.whole_files import check_writable


def cache_directory_of(uv: Path, runner: Runner, variables: Mapping[str, str]) -> Path:
    """Return the cache directory that uv names, by ``variables``, the inherited ones and its configuration."""
    told = runner.capture([str(uv), "cache", "dir", "--color", "never"], environment=variables)
    return Path(told.output.strip() or tempfile.gettempdir())


def variables_for_another(uv: Path, runner: Runner, inherited: Mapping[str, str], instead: Path) -> dict[str, str]:
    """Return variables that move uv's cache to ``instead``, or do without one, if uv cannot write to its own."""
    caches = inherited.get("XDG_CACHE_HOME", "")
    default = Path(caches if caches.startswith("/") else f"{inherited.get('HOME', '')}/.cache", "uv")
    # Mostly all is well there, and uv need not be asked.
    if _is_writable(Path(inherited.get("UV_CACHE_DIR") or default)) or _is_writable(cache_directory_of(uv, runner, {})):
        return {}
    return {"UV_CACHE_DIR": str(instead)} if _is_writable(instead) else {"UV_NO_CACHE": "1"}


def _is_writable(directory: Path) -> bool:
    try:
        check_writable(directory)
    except OSError:
        return False
    return True
