"""The terminal on our stdin, and what a pseudo-terminal takes over from it: settings, size, keys, Ctrl-Z."""

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
    """Copy the settings of our terminal (the erase key, for example) to the pseudo-terminal of a descriptor."""
    settings = _settings(0)
    if settings is not None:
        with contextlib.suppress(termios.error):  # the process on it has ended
            termios.tcsetattr(terminal, termios.TCSANOW, settings)


def take_over_window_size(terminal: int) -> None:
    """Copy the size of our terminal to it; this signals its processes, as a resized window does."""
    try:
        columns, rows = os.get_terminal_size(0)
    except OSError:
        columns, rows = 0, 0
    with contextlib.suppress(OSError):
        fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", rows or 24, columns or 80, 0, 0))


@contextlib.contextmanager
def window_size_passed_on(terminal: int) -> Iterator[None]:
    """Forward size changes of our terminal to the pseudo-terminal while the block runs."""
    with handled({signal.SIGWINCH: lambda *_: take_over_window_size(terminal)}):
        yield


@contextlib.contextmanager
def keys_as_they_are(*, lines: bool = False) -> Iterator[bytes | None]:
    """Put our terminal into raw mode while the block runs; yield its interrupt key, or None without a terminal.

    With ``lines``, what we print ourselves still begins at the left after a line end.
    """
    before = _settings(0)
    if before is None:
        yield None
        return
    tty.setraw(0)
    if lines and (raw := _settings(0)):
        raw[1] |= termios.OPOST
        _set(raw)
    try:
        yield before[6][termios.VINTR]
    finally:
        termios.tcsetattr(0, termios.TCSAFLUSH, before)


class SuspendKey:
    """Obeys the suspend key of a child on a pseudo-terminal. Create it while ours still has its own settings.

    The kernel does not stop a session without a parent shell (an orphaned process group), such as the child's.
    """

    def __init__(self, terminal: int, shown_on: int) -> None:
        self._terminal = terminal
        self._shown_on = shown_on
        self._own = _settings(0)

    def keys_left(self, keys: bytes) -> bytes:
        """Return the typed keys without the suspend key.

        That key stops the child and our own process group, so that a shell gets its terminal back; once resumed, the
        child continues, possibly with another window size.
        """
        key = self._key()
        if self._own is None or key is None or key not in keys:
            return keys
        raw = _settings(0)
        os.write(self._shown_on, b"^" + bytes([key[0] ^ 0x40]))  # as a terminal echoes it
        self._signal_foreground(signal.SIGSTOP)
        _set(self._own)
        os.killpg(0, signal.SIGTSTP)  # and continue here once we are resumed
        _set(raw)
        take_over_window_size(self._terminal)
        self._signal_foreground(signal.SIGCONT)
        return keys.replace(key, b"")

    def _key(self) -> bytes | None:
        """Return the suspend key; None if the child reads keys in raw mode, or there is none."""
        settings = _settings(self._terminal)
        if settings is None or not settings[3] & termios.ISIG:
            return None
        key: bytes = settings[6][termios.VSUSP]
        return key if key != b"\0" else None

    def _signal_foreground(self, number: signal.Signals) -> None:
        with contextlib.suppress(OSError):  # it has ended, or runs as another user
            os.killpg(os.tcgetpgrp(self._terminal), number)


def _settings(descriptor: int) -> list[Any] | None:
    """Return a terminal's settings; None if the descriptor is not a terminal, or is closed."""
    try:
        return termios.tcgetattr(descriptor)
    except termios.error:
        return None


def _set(settings: list[Any] | None) -> None:
    if settings is not None:
        with contextlib.suppress(termios.error):
            termios.tcsetattr(0, termios.TCSADRAIN, settings)
