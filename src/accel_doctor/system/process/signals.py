"""Signals handled for as long as a child runs."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
from collections.abc import Callable, Iterator, Mapping
from types import FrameType

Handler = Callable[[int, "FrameType | None"], None]

_FORWARDED = (signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGUSR1, signal.SIGUSR2)


@contextlib.contextmanager
def handled(handlers: Mapping[signal.Signals, Handler]) -> Iterator[None]:
    """Handle these signals while the block runs, in the main thread; in others, which may not, do nothing."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.signal(number, handler) for number, handler in handlers.items()}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextlib.contextmanager
def signals_passed_on(pid: int) -> Iterator[None]:
    """While the block runs, hand what asks this program to end to the child, whose end decides.

    A terminal sends Ctrl-C to the whole group, so the child has it already; without one (``docker kill -s INT``) it
    was sent to this program alone.
    """

    def forward(number: int, frame: FrameType | None) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)

    handlers: dict[signal.Signals, Handler] = dict.fromkeys(_FORWARDED, forward)
    handlers[signal.SIGINT] = (lambda number, frame: None) if _has_terminal() else forward
    wanted = {number: handler for number, handler in handlers.items() if signal.getsignal(number) != signal.SIG_IGN}
    with handled(wanted):
        yield


def _has_terminal() -> bool:
    """Return whether this process has a controlling terminal."""
    try:
        os.close(os.open("/dev/tty", os.O_RDWR))
    except OSError:
        return False
    return True
