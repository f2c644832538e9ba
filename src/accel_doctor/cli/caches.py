"""Open the cache of a run: the chosen directory, or none that stays if another user owns it or none can be made."""

from __future__ import annotations

import shutil
import tempfile
from contextlib import suppress
from pathlib import Path

import click

from accel_doctor.interfaces import Notifier
from accel_doctor.store.cache_root import OthersCacheError, open_cache_root
from accel_doctor.store.layout import LOGS
from accel_doctor.whole_files import check_writable


def usable_cache(chosen: Path, notifier: Notifier) -> Path:
    """Return the directory of the cache. If another user owns it, or none can be made, say so and return a temporary
    one for this run, of which only the logs stay. Raises UsageError if it is no cache."""
    try:
        root = open_cache_root(chosen)
        check_writable(root)
    except OthersCacheError as error:
        reason = f"{error.message}; {error.hint}"
    except OSError as error:
        if _holds_something(chosen):  # what can be read is used
            return chosen
        reason = f"cannot write to {chosen}: {error.strerror}"
    else:
        return root
    private = Path(tempfile.mkdtemp(prefix="accel-doctor-cache-"))
    if context := click.get_current_context(silent=True):
        context.call_on_close(lambda: _empty(private))  # this program exits without running atexit
    notifier.note(f"not using a cache: {reason}")
    return private


def _holds_something(directory: Path) -> bool:
    with suppress(OSError):
        return any(path.is_dir() for path in directory.iterdir())
    return False


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
