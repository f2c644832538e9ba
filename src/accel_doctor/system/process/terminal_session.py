"""A terminal session that lasts for several commands, joined to our terminal while one of them runs."""

from __future__ import annotations

import contextlib
import json
import os
import select
import socket
import sys
import time
import weakref
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import IO

from accel_doctor.system.process import session_leader
from accel_doctor.system.process.pseudo_terminal import (
    start_on,
    take_over_settings,
    take_over_window_size,
    window_size_passed_on,
)

_CHUNK = 64 * 1024
_POLL = 0.1  # seconds to look for what a command that has ended left on its way through the terminal
_DRAIN = 1.0  # the same at most, when a background process still writes
_NO_SESSION = 1


@dataclass(frozen=True)
class Spoken:
    """A conversation that ended; ``interrupted`` tells that the interrupt key was typed while it went on."""

    returncode: int
    message: str
    interrupted: bool


class TerminalSession:
    """A pseudo-terminal and the process that leads the session on it; both go when this object or our process does.

    All commands run in it belong to one session, so that sudo and doas ask for the password once
    (:mod:`accel_doctor.system.process.session_leader`).
    """

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._terminal, inside = os.openpty()
        self._control, theirs = socket.socketpair()
        with theirs:
            command = [sys.executable, "-I", "-S", session_leader.__file__, str(theirs.fileno())]
            wait = start_on(inside, command, environment, kept=theirs.fileno())
        os.close(inside)
        self._answers = self._control.makefile("rb")
        weakref.finalize(self, _close, wait, self._answers, self._control, self._terminal)

    def run(
        self, argv: Sequence[str], transcript: IO[bytes], environment: Mapping[str, str], *, shown_on: int
    ) -> Spoken:
        """Run a command to its end; what it shows goes to the descriptor ``shown_on`` and to ``transcript``.

        The terminal has the size and the settings (the erase key, say) of the one on our stdin, from which it gets
        every key as it is.
        """
        take_over_settings(self._terminal)
        take_over_window_size(self._terminal)
        order = {"argv": list(argv), "environment": dict(environment)}
        with _keys_as_they_are() as interrupt_key, window_size_passed_on(self._terminal):
            try:
                self._control.sendall(json.dumps(order).encode() + b"\n")
                interrupted = self._join(transcript, shown_on, interrupt_key)
                answer = json.loads(self._answers.readline() or "{}")
            except OSError:  # the leader was killed
                answer, interrupted = {}, False
        return Spoken(
            answer.get("returncode", _NO_SESSION),
            answer.get("message", f"{argv[0]}: its terminal session was ended"),
            interrupted,
        )

    def _join(self, transcript: IO[bytes], shown_on: int, interrupt_key: bytes | None) -> bool:
        """Pass keys in and output out until the leader answers; whether the interrupt key was among the keys."""
        interrupted = False
        watched = [self._terminal, self._control.fileno(), 0]
        while True:
            ready, _, _ = select.select(watched, [], [])
            if self._terminal in ready:
                self._show(transcript, shown_on)
            if 0 in ready:
                typed = os.read(0, _CHUNK)
                os.write(self._terminal, typed)
                interrupted |= interrupt_key is not None and interrupt_key in typed
                if not typed:
                    watched.remove(0)
            if self._control.fileno() in ready:
                break
        # What a process has written may take a moment to come out at our end.
        deadline = time.monotonic() + _DRAIN
        while select.select([self._terminal], [], [], _POLL)[0] and time.monotonic() < deadline:
            self._show(transcript, shown_on)
        return interrupted

    def _show(self, transcript: IO[bytes], shown_on: int) -> None:
        data = os.read(self._terminal, _CHUNK)
        transcript.write(data)
        while data:
            data = data[os.write(shown_on, data) :]


@contextlib.contextmanager
def _keys_as_they_are() -> Iterator[bytes | None]:
    """Our terminal hands every key on at once while the block runs; yields the one that interrupts."""
    import termios
    import tty

    try:
        before = termios.tcgetattr(0)
    except termios.error:  # no terminal
        yield None
        return
    tty.setraw(0)
    try:
        yield before[6][termios.VINTR]
    finally:
        termios.tcsetattr(0, termios.TCSAFLUSH, before)


def _close(wait: Callable[[], int], answers: IO[bytes], control: socket.socket, terminal: int) -> None:
    """The leader ends when nobody is there to ask for anything; what still runs gets SIGHUP from its terminal."""
    answers.close()
    control.close()
    os.close(terminal)
    wait()
