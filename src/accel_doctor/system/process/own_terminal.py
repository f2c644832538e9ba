"""The terminal on our stdin, and what a pseudo-terminal joined to it takes over: settings, size, keys, Ctrl-Z."""

from __future__ import annotations

import contextlib
import fcntl
import os
import signal
import struct
import termios
import tty
from collections.abc import Iterator
from typing import Any

from accel_doctor.system.process.children import handled


def take_over_settings(terminal: int) -> None:
    """Give the pseudo-terminal behind a descriptor the settings (the erase key, say) of ours."""
    settings = _settings(0)
    if settings is not None:
        with contextlib.suppress(termios.error):  # whoever ran there has gone
            termios.tcsetattr(terminal, termios.TCSANOW, settings)


def take_over_window_size(terminal: int) -> None:
    """Give it the size of ours; whoever runs there is told, as by a terminal's window."""
    try:
        columns, rows = os.get_terminal_size(0)
    except OSError:
        columns, rows = 0, 0
    with contextlib.suppress(OSError):
        fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", rows or 24, columns or 80, 0, 0))


@contextlib.contextmanager
def window_size_passed_on(terminal: int) -> Iterator[None]:
    """While the block runs, make a new size of our terminal that of the pseudo-terminal."""
    with handled({signal.SIGWINCH: lambda *_: take_over_window_size(terminal)}):
        yield


@contextlib.contextmanager
def keys_as_they_are() -> Iterator[bytes | None]:
    """While the block runs, get every key at once and show bytes as they are; yield the key that interrupts."""
    before = _settings(0)
    if before is None:
        yield None
        return
    tty.setraw(0)
    try:
        yield before[6][termios.VINTR]
    finally:
        termios.tcsetattr(0, termios.TCSAFLUSH, before)


class SuspendKey:
    """Obeys the suspend key of a child behind a pseudo-terminal. To be made while ours has its own settings still.

    The kernel does not stop a session that has no shell above it (an orphaned process group), and the child's is one.
    """

    def __init__(self, terminal: int, shown_on: int) -> None:
        self._terminal = terminal
        self._shown_on = shown_on
        self._own = _settings(0)

    def keys_left(self, keys: bytes) -> bytes:
        """Return the keys typed without the suspend key.

        That stops the child and our own process group, so that a shell gets its terminal back; once continued, the
        child goes on, in a window of perhaps another size.
        """
        key = self._key()
        if self._own is None or key is None or key not in keys:
            return keys
        raw = _settings(0)
        os.write(self._shown_on, b"^" + bytes([key[0] ^ 0x40]))  # as a terminal echoes it
        self._signal_foreground(signal.SIGSTOP)
        _set(self._own)
        os.killpg(0, signal.SIGTSTP)  # and on from here once we are continued
        _set(raw)
        take_over_window_size(self._terminal)
        self._signal_foreground(signal.SIGCONT)
        return keys.replace(key, b"")

    def _key(self) -> bytes | None:
        """Return the key; None where whoever runs there reads keys as they are, or has none."""
        settings = _settings(self._terminal)
        if settings is None or not settings[3] & termios.ISIG:
            return None
        key: bytes = settings[6][termios.VSUSP]
        return key if key != b"\0" else None

    def _signal_foreground(self, number: signal.Signals) -> None:
        with contextlib.suppress(OSError):  # it has ended, or became another user
            os.killpg(os.tcgetpgrp(self._terminal), number)


def _settings(descriptor: int) -> list[Any] | None:
    """Return a terminal's settings; None for what is no terminal, or has gone."""
    try:
        return termios.tcgetattr(descriptor)
    except termios.error:
        return None


def _set(settings: list[Any] | None) -> None:
    if settings is not None:
        with contextlib.suppress(termios.error):
            termios.tcsetattr(0, termios.TCSADRAIN, settings)
