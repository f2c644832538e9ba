"""One build of a wheel at a time: a second process that wants the same wheel waits for it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

from accel_doctor.model import BuildKey

_PATIENCE = 0.5  # seconds until waiting is told, and between looks at whether the run was interrupted


class BuildLocks:
    """At most 4096 empty files, locked while a wheel whose key begins with their name is built.

    So they need no clearing away, which no waiting process would survive. Two keys that share one wait for one another;
    nobody holds two.
    """

    def __init__(self, directory: Path, warn: Callable[[str], None], stopped: Callable[[], bool]) -> None:
        """``stopped`` says whether the run was interrupted, so that nobody is waited for any more."""
        self._directory = directory
        self._warn = warn
        self._stopped = stopped
        self._told = False

    def acquire(self, key: BuildKey) -> AbstractContextManager[object]:
        """Wait for the lock of ``key``, and return what releases it. Raises OSError where it cannot be had."""
        from filelock import FileLock, Timeout  # it imports asyncio, which takes as long as a small run

        lock = FileLock(self._directory / f"{key.exact[:3]}.lock")
        while not self._stopped():
            try:
                return lock.acquire(timeout=_PATIENCE)
            except Timeout:
                if not self._told:
                    self._told = True
                    self._warn("another accel-doctor is building the same wheel: waiting for it")
        return nullcontext()
