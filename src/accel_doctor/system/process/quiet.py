"""Keep what a command on a pseudo-terminal says to itself, until it asks something."""

from __future__ import annotations

import termios

from accel_doctor.interfaces import Audience
from accel_doctor.system.process.children import Lines

_KEPT = 64 * 1024  # bytes of what was said before a question, for its context
_LINES_SHOWN = 12
_CLEARED = (b"\x1b[2J", b"\x1b[?1049h")  # a dialog begins
_ASKING = (b"?", b":", b"]", b")", b">")
_ENTER = (b"\r", b"\n")


class QuietOutput:
    """Decides what of the output of a terminal is shown: nothing, until the command waits for an answer.

    It does so if it reads a password, or if it is silent after an unfinished line that ends as questions do. A line
    that was written over is progress. apt turns off both echo and lines while dpkg runs, which therefore shows nothing.
    """

    def __init__(self, terminal: int, audience: Audience) -> None:
        self._terminal = terminal
        self._audience = audience
        self._lines = Lines(audience.hear)
        self._unseen = b""
        self._open = False

    def shown(self, data: bytes) -> bytes:
        """Return what to show of output that was just read."""
        self._lines.add(data.replace(b"\r", b"\n"))  # what is written over is a line, too
        if self._open:
            return data
        self._unseen = (self._unseen + data)[-_KEPT:]
        return b""

    def silent(self) -> bytes:
        """Return what to show now that nothing was said for a moment."""
        if self._open or not self._waits():
            return b""
        self._open = True
        self._audience.asked()
        unseen, self._unseen = self._unseen, b""
        dialog = max(map(unseen.rfind, _CLEARED))
        return unseen[dialog:] if dialog >= 0 else b"".join(unseen.splitlines(keepends=True)[-_LINES_SHOWN:])

    def typed(self, keys: bytes) -> bytes:
        """Take keys that go to the command, and return what to show for them: with Enter, the line ends, and what
        follows is not shown until it asks again."""
        if not self._open or not any(key in keys for key in _ENTER):
            return b""
        self._open = False
        self._audience.answered()
        return b"\r\n"

    def interrupted(self) -> None:
        """Take the interrupt key."""
        self._audience.interrupted()

    def _waits(self) -> bool:
        if not self._unseen:
            return False
        try:
            if termios.tcgetattr(self._terminal)[3] & (termios.ECHO | termios.ICANON) == termios.ICANON:
                return True
        except termios.error:  # it has ended
            return False
        unfinished = self._unseen.rpartition(b"\n")[2]
        if any(dialog in self._unseen for dialog in _CLEARED):
            return bool(unfinished)
        return b"\r" not in unfinished and unfinished.rstrip().endswith(_ASKING)
