"""A terminal session that lasts for several commands, joined to our terminal while one of them runs.

One mechanism serves both who needs a password (sudo before a package manager) and ``accel-doctor run``.
"""

from __future__ import annotations

import json
import os
import select
import socket
import subprocess
import sys
import time
import weakref
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO

from accel_doctor.interfaces import Completed
from accel_doctor.system.process import session_leader
from accel_doctor.system.process.children import show
from accel_doctor.system.process.own_terminal import (
    SuspendKey,
    keys_as_they_are,
    take_over_settings,
    take_over_window_size,
    window_size_passed_on,
)

_CHUNK = 64 * 1024
_POLL = 0.1  # seconds to look for what a command that has ended left on its way through the terminal
_DRAIN = 1.0  # the same at most, when a background process still writes
_NO_SESSION = 1


class TerminalSession:
    """A pseudo-terminal and the process that leads the session on it; both go when this object or our process does.

    All commands run in it belong to one session, so that sudo and doas ask for the password once
    (:mod:`accel_doctor.system.process.session_leader`).
    """

    def __init__(self, environment: Mapping[str, str], directory: Path | None = None) -> None:
        self._terminal, inside = os.openpty()
        self._control, theirs = socket.socketpair()
        with theirs:
            command = [sys.executable, "-I", "-S", session_leader.__file__, str(theirs.fileno())]
            leader = subprocess.Popen(
                command,
                stdin=inside,
                stdout=inside,
                stderr=inside,
                env=dict(environment),
                cwd=directory,
                pass_fds=[theirs.fileno()],
                start_new_session=True,
            )
        os.close(inside)
        self._answers = self._control.makefile("rb")
        weakref.finalize(self, _close, leader, self._answers, self._control, self._terminal)

    def run(
        self,
        argv: Sequence[str],
        log: Path,
        environment: Mapping[str, str],
        *,
        shown_on: int,
        suspendable: bool = False,
    ) -> Completed:
        """Run a command to its end; what it shows goes to the descriptor ``shown_on`` and is appended to ``log``.

        The terminal has the size and the settings (the erase key, say) of the one on our stdin, from which it gets
        every key as it is; where the command is ``suspendable``, its suspend key stops us with it.
        """
        begun = time.monotonic()
        suspend = SuspendKey(self._terminal, shown_on) if suspendable else None
        take_over_settings(self._terminal)
        take_over_window_size(self._terminal)
        order = {"argv": list(argv), "environment": dict(environment)}
        with (
            log.open("ab", buffering=0) as transcript,
            keys_as_they_are() as interrupt_key,
            window_size_passed_on(self._terminal),
        ):
            try:
                self._control.sendall(json.dumps(order).encode() + b"\n")
                interrupted = self._join(transcript, shown_on, interrupt_key, suspend)
                answer = json.loads(self._answers.readline() or "{}")
            except OSError:  # the leader was killed
                answer, interrupted = {}, False
            if not answer:
                answer = {"returncode": _NO_SESSION, "message": f"{argv[0]}: its terminal session was ended"}
                show(f"{answer['message']}\n".encode(), transcript, shown_on)
        seconds = time.monotonic() - begun
        return Completed(tuple(argv), answer["returncode"], "", answer["message"], seconds, interrupted)

    def _join(
        self, transcript: IO[bytes], shown_on: int, interrupt_key: bytes | None, suspend: SuspendKey | None
    ) -> bool:
        """Pass keys in and output out until the leader answers; return whether the interrupt key was among the keys."""
        interrupted = False
        watched = [self._terminal, self._control.fileno(), 0]
        while True:
            ready, _, _ = select.select(watched, [], [])
            if self._terminal in ready:
                self._show(transcript, shown_on)
            if 0 in ready:
                typed = os.read(0, _CHUNK)
                os.write(self._terminal, suspend.keys_left(typed) if suspend else typed)
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
        show(os.read(self._terminal, _CHUNK), transcript, shown_on)


def _close(leader: subprocess.Popen[bytes], answers: IO[bytes], control: socket.socket, terminal: int) -> None:
    """Close all: the leader ends when nobody asks for anything, what still runs gets SIGHUP from its terminal."""
    answers.close()
    control.close()
    os.close(terminal)
    leader.wait()
