"""Ctrl-Z on a pseudo-terminal that is joined to ours."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Callable
from typing import Any


def suspend_key_obeyed(terminal: int, shown_on: int, resized: Callable[[], None]) -> Callable[[bytes], bytes]:
    """What turns the keys typed into those that the child behind ``terminal`` is to get.

    All but its suspend key: that stops the child and our own process group, so that a shell gets its terminal back;
    once continued, the child goes on, after ``resized``. To be made while our terminal has its own settings still.

    The kernel does not stop a session that has no shell above it (an orphaned process group), and the child's is one.
    """
    own = _settings(0)

    def keys_left(keys: bytes) -> bytes:
        key = _suspend_key(terminal)
        if own is None or key is None or key not in keys:
            return keys
        raw = _settings(0)
        os.write(shown_on, b"^" + bytes([key[0] ^ 0x40]))  # as a terminal echoes it
        _signal_foreground(terminal, signal.SIGSTOP)
        _set(own)
        os.killpg(0, signal.SIGTSTP)  # and on from here once we are continued
        _set(raw)
        resized()
        _signal_foreground(terminal, signal.SIGCONT)
        return keys.replace(key, b"")

    return keys_left


def _suspend_key(terminal: int) -> bytes | None:
    """None where whoever runs there reads keys as they are, or has none."""
    import termios

    settings = _settings(terminal)
    if settings is None or not settings[3] & termios.ISIG:
        return None
    key: bytes = settings[6][termios.VSUSP]
    return key if key != b"\0" else None


def _settings(descriptor: int) -> list[Any] | None:
    """Of a terminal; None for what is none, or has gone."""
    import termios

    try:
        return termios.tcgetattr(descriptor)
    except termios.error:
        return None


def _set(settings: list[Any] | None) -> None:
    import termios

    if settings is not None:
        with contextlib.suppress(termios.error):
            termios.tcsetattr(0, termios.TCSADRAIN, settings)


def _signal_foreground(terminal: int, number: signal.Signals) -> None:
    with contextlib.suppress(OSError):  # it has ended, or became another user
        os.killpg(os.tcgetpgrp(terminal), number)
