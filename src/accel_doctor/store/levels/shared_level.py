"""A shared level during one run: with a deadline for each request, skipped after its first failure."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, wait
from contextlib import nullcontext
from pathlib import Path
from typing import Any, TypeVar

from accel_doctor.errors import LevelDeniedError, LevelError
from accel_doctor.interfaces import Notifier, ObjectStore

# Bytes per second. An object may take the level's timeout plus the time for its size at this rate; then the level
# counts as hanging, even if it still sends data.
SLOWEST = 256 << 10

# This many objects larger than _SMALL are transferred in parallel, so that each gets a fair share of a slow link before
# its deadline. Small ones are limited by latency, not bandwidth.
_SMALL = 1 << 20
_TRANSFERS = 4

T = TypeVar("T")


class SharedLevel:
    """An object store that delays a run at most once.

    Each request runs in its own thread: it may hang in the kernel (an unreachable file server), which no library's
    timeout interrupts. The threads are daemons, so that they do not keep the program from exiting.
    """

    def __init__(self, store: ObjectStore, timeout: float, notifier: Notifier, *, read_only: bool = False) -> None:
        self.name = store.name
        self._store = store
        self._timeout = timeout
        self._notifier = notifier
        self._skipped: Future[None] = Future()
        self._read_only = read_only or not store.writable
        self._state = threading.Lock()
        self._transfers = threading.BoundedSemaphore(_TRANSFERS)
        self._answered = False
        self._denied: str | None = None

    @property
    def usable(self) -> bool:
        """Return whether requests are still sent to the level."""
        return not self._skipped.done()

    @property
    def writable(self) -> bool:
        """Return whether the level is still written to."""
        return not self._read_only and self.usable

    def fetch(self, object_name: str, target: Path, limit: int) -> bool:
        """Download the object to ``target``; return False if it does not exist or the level is skipped."""
        try:
            found = self._in_time(lambda: self._store.fetch(object_name, target, limit), limit)
        except LevelDeniedError as error:
            # Without list permission, S3 denies missing objects too: report at the end of the run if all are denied.
            self._denied = error.message
            return False
        except LevelError as error:
            self.skip(error.message)
            return False
        self._answered = self._answered or found is not None
        return bool(found)

    def send(self, object_name: str, source: Path) -> bool:
        """Upload the object; return False if that failed, which stops all further writes."""
        try:
            if self.writable:
                self._in_time(lambda: self._store.send(object_name, source), source.stat().st_size)
            return self.writable
        except OSError as error:  # local: the file to send
            reason = f"{source.name}: {error.strerror}"
        except LevelError as error:
            reason = error.message
        with self._state:
            told, self._read_only = self._read_only, True
        if not told and self.usable:
            self._notifier.note(f"not writing to shared level {self.name} for the rest of this run: {reason}")
        return False

    def skip(self, reason: str | None) -> None:
        """Send no more requests and end every wait. Report the first reason, if any."""
        with self._state:
            if self._skipped.done():
                return
            self._skipped.set_result(None)
        if reason:
            self._notifier.note(f"skipping shared level {self.name} for the rest of this run: {reason}")

    def tell_denial(self) -> None:
        """Report at the end of a run if every lookup was denied."""
        if self.usable and self._denied and not self._answered:
            self._notifier.note(
                f"shared level {self.name} denied every lookup: check the credentials (without permission to list, "
                f"missing wheels are denied too): {self._denied}"
            )

    def _in_time(self, work: Callable[[], T], size: int) -> T | None:
        """Return the result of ``work``; None if the level is skipped. Raise LevelError, also at the deadline."""
        result: Future[T] = Future()

        def run() -> None:
            try:
                result.set_result(work())
            except LevelError as error:
                result.set_exception(error)
            except Exception as error:  # from another package's backend: no level aborts a run
                result.set_exception(LevelError(f"{type(error).__name__}: {error}"))

        seconds = self._timeout + size / SLOWEST
        with self._transfers if size > _SMALL else nullcontext():
            if not self.usable:
                return None
            threading.Thread(target=run, name=f"level {self.name}", daemon=True).start()
            either: tuple[Future[Any], ...] = (result, self._skipped)
            ended, _ = wait(either, timeout=seconds, return_when=FIRST_COMPLETED)
        if result in ended:
            return result.result()
        if not ended:
            raise LevelError(f"no answer within {seconds:.0f} s")
        return None
