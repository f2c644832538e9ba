"""Open the cache of a run: the chosen directory, or none that stays if another user owns it."""

from __future__ import annotations

import shutil
import tempfile
from contextlib import suppress
from pathlib import Path

import click

from accel_doctor.interfaces import Notifier
from accel_doctor.store.cache_root import OthersCacheError, open_cache_root
from accel_doctor.store.layout import LOGS


def usable_cache(chosen: Path, notifier: Notifier) -> Path:
    """Return the directory of the cache. If another user owns it, say so and return a temporary one for this run, of
    which only the logs stay. Raises UsageError if it is no cache."""
    try:
        return open_cache_root(chosen)
    except OthersCacheError as error:
        private = Path(tempfile.mkdtemp(prefix="accel-doctor-cache-"))
        if context := click.get_current_context(silent=True):
            context.call_on_close(lambda: _empty(private))  # this program exits without running atexit
        notifier.note(f"not using a cache: {error.message}; {error.hint}")
        return private


def _empty(directory: Path) -> None:
    for path in directory.iterdir():
        if path.name == LOGS:
            continue
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink()
    with suppress(OSError):  # has logs
        directory.rmdir()
