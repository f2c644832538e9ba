"""A shared level as one run sees it: asked with a deadline, left out after its first trouble, told once."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, wait
from contextlib import nullcontext
from pathlib import Path
from typing import Any, TypeVar

from accel_doctor.errors import LevelDeniedError, LevelError
from accel_doctor.interfaces import ObjectStore

# Bytes a second. An object may take the level's timeout and the time its size takes at this rate, then the level is
# taken to hang, whatever it sends meanwhile.
SLOWEST = 256 << 10

# Objects of more bytes than _SMALL are transferred so many at a time: each gets a fair part of a slow line before its
# deadline. Small ones wait for answers, not for the line.
_SMALL = 1 << 20
_TRANSFERS = 4

T = TypeVar("T")


class SharedLevel:
    """An object store that costs a run one delay at most.

    Each request runs in a thread of its own: what hangs may hang in the kernel (a file server that is gone), which no
    timeout of a library ends. The threads are daemons, so that they do not keep the program from ending.
    """

    def __init__(
        self, store: ObjectStore, timeout: float, warn: Callable[[str], None], *, read_only: bool = False
    ) -> None:
        self.name = store.name
        self._store = store
        self._timeout = timeout
        self._warn = warn
        self._left_out: Future[None] = Future()
        self._read_only = read_only or not store.writable
        self._state = threading.Lock()
        self._transfers = threading.BoundedSemaphore(_TRANSFERS)
        self._answered = False
        self._denied: str | None = None

    @property
    def usable(self) -> bool:
        """Whether it is still asked."""
        return not self._left_out.done()

    @property
    def writable(self) -> bool:
        """Whether it is still written to."""
        return not self._read_only and self.usable

    def fetch(self, object_name: str, target: Path, limit: int) -> bool:
        """The object into ``target``; False where it is not there, and where the level is left out."""
        try:
            found = self._in_time(lambda: self._store.fetch(object_name, target, limit), limit)
        except LevelDeniedError as error:
            # S3 says so of what is not there to those who may not list; so it counts, and is told at the end.
            self._denied = error.message
            return False
        except LevelError as error:
            self.leave_out(error.message)
            return False
        self._answered = self._answered or found is not None
        return bool(found)

    def send(self, object_name: str, source: Path) -> bool:
        """Keep the object there; False where that was not possible, which ends all writing."""

        def work() -> bool:
            self._store.send(object_name, source)
            return True

        try:
            return self.writable and bool(self._in_time(work, source.stat().st_size))
        except OSError as error:  # ours: the file that was to be sent
            reason = f"{source.name}: {error.strerror}"
        except LevelError as error:
            reason = error.message
        with self._state:
            told, self._read_only = self._read_only, True
        if not told and self.usable:
            self._warn(f"the shared level {self.name} is not written to any more in this run: {reason}")
        return False

    def leave_out(self, reason: str | None) -> None:
        """Ask no more, end every wait. Told where there is a reason and it is the first."""
        with self._state:
            if self._left_out.done():
                return
            self._left_out.set_result(None)
        if reason:
            self._warn(f"the shared level {self.name} is left out for the rest of this run: {reason}")

    def tell_denial(self) -> None:
        """Say at the end of a run that every look-up was refused, if it was."""
        if self.usable and self._denied and not self._answered:
            self._warn(
                f"the shared level {self.name} refused every look-up: either the credentials do not fit, or nothing "
                f"was there and they do not permit listing ({self._denied})"
            )

    def _in_time(self, work: Callable[[], T], size: int) -> T | None:
        """What ``work`` gives; None where the level is left out meanwhile. Raises LevelError, also for the deadline."""
        with self._transfers if size > _SMALL else nullcontext():
            return self._at_once(work, size)

    def _at_once(self, work: Callable[[], T], size: int) -> T | None:
        if not self.usable:
            return None
        seconds = self._timeout + size / SLOWEST
        result: Future[T] = Future()

        def run() -> None:
            try:
                result.set_result(work())
            except LevelError as error:
                result.set_exception(error)
            except Exception as error:  # of a backend of another package: a level's trouble ends no run
                result.set_exception(LevelError(f"{type(error).__name__}: {error}"))

        threading.Thread(target=run, name=f"level {self.name}", daemon=True).start()
        either: tuple[Future[Any], ...] = (result, self._left_out)
        ended, _ = wait(either, timeout=seconds, return_when=FIRST_COMPLETED)
        if result in ended:
            return result.result()
        if not ended:
            raise LevelError(f"no answer within {seconds:.0f} seconds")
        return None
