"""A terminal session for several commands, connected to our terminal while one of them runs.

The same mechanism serves commands that need a password (sudo with a package manager) and ``accel-doctor run``.
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

from accel_doctor.interfaces import Audience
from accel_doctor.model.processes import Completed
from accel_doctor.system.process import session_leader
from accel_doctor.system.process.children import show, write
from accel_doctor.system.process.own_terminal import (
    SuspendKey,
    keys_as_they_are,
    take_over_settings,
    take_over_window_size,
    window_size_passed_on,
)
from accel_doctor.system.process.quiet import QuietOutput

_CHUNK = 64 * 1024
_POLL = 0.1  # seconds to wait for the remaining output of a command that has ended
_SILENCE = 0.3  # seconds without output after which an unfinished line may be a question
_DRAIN = 1.0  # its maximum, if a background process still writes
_NO_SESSION = 1


class TerminalSession:
    """A pseudo-terminal and the process that leads the session on it; both end with this object or our process.

    All commands run in it belong to one session, so sudo and doas ask for the password only once
    (:mod:`accel_doctor.system.process.session_leader`).
    """

    def __init__(self, environment: Mapping[str, str], directory: Path | None = None) -> None:
        self._terminal, inside = os.openpty()
        self._control, theirs = socket.socketpair()
        with theirs:
            theirs.set_inheritable(True)
            command = [sys.executable, "-I", "-S", session_leader.__file__, str(theirs.fileno())]
            leader = subprocess.Popen(
                command,
                stdin=inside,
                stdout=inside,
                stderr=inside,
                env=dict(environment),
                cwd=directory,
                close_fds=False,  # the user's own command has every descriptor that was meant for it
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
        own_command: bool = False,
        audience: Audience | None = None,
    ) -> Completed:
        """Run a command to its end; write its output to the descriptor ``shown_on`` and append it to ``log``.

        The terminal has the size and settings (the erase key, for example) of the one on our stdin, from which it gets
        every key unchanged; if the command is the user's own, its suspend key stops us with it, and it
        inherits our descriptors. With an ``audience`` only what asks is shown.
        """
        begun = time.monotonic()
        suspend = SuspendKey(self._terminal, shown_on) if own_command else None
        take_over_settings(self._terminal)
        take_over_window_size(self._terminal)
        order = {"argv": list(argv), "environment": dict(environment), "descriptors": own_command}
        with (
            log.open("ab", buffering=0) as transcript,
            keys_as_they_are(lines=audience is not None) as interrupt_key,
            window_size_passed_on(self._terminal),
        ):
            try:
                self._control.sendall(json.dumps(order).encode() + b"\n")
                quiet = QuietOutput(self._terminal, audience) if audience else None
                interrupted = self._join(transcript, shown_on, interrupt_key, suspend, quiet)
                answer = json.loads(self._answers.readline() or "{}")
            except OSError:  # the leader was killed
                answer, interrupted = {}, False
            if not answer:
                answer = {"returncode": _NO_SESSION, "message": f"{argv[0]}: its terminal session was ended"}
                show(f"{answer['message']}\n".encode(), transcript, shown_on)
        seconds = time.monotonic() - begun
        return Completed(tuple(argv), answer["returncode"], "", answer["message"], seconds, interrupted)

    def _join(
        self,
        transcript: IO[bytes],
        shown_on: int,
        interrupt_key: bytes | None,
        suspend: SuspendKey | None,
        quiet: QuietOutput | None,
    ) -> bool:
        """Pass keys in and output out until the leader answers; return whether the interrupt key was typed."""
        interrupted = False
        watched = [self._terminal, self._control.fileno(), 0]
        while True:
            ready, _, _ = select.select(watched, [], [], _SILENCE if quiet else None)
            if self._terminal in ready:
                self._show(transcript, shown_on, quiet)
            elif not ready and quiet:
                write(quiet.silent(), shown_on)
            if 0 in ready:
                typed = os.read(0, _CHUNK)
                os.write(self._terminal, suspend.keys_left(typed) if suspend else typed)
                if quiet:
                    write(quiet.typed(typed), shown_on)
                if interrupt_key is not None and interrupt_key in typed:
                    interrupted = True
                    if quiet:
                        quiet.interrupted()
                if not typed:
                    watched.remove(0)
            if self._control.fileno() in ready:
                break
        # Output of a process may take a moment to arrive at our end.
        deadline = time.monotonic() + _DRAIN
        while select.select([self._terminal], [], [], _POLL)[0] and time.monotonic() < deadline:
            self._show(transcript, shown_on, quiet)
        return interrupted

    def _show(self, transcript: IO[bytes], shown_on: int, quiet: QuietOutput | None) -> None:
        data = os.read(self._terminal, _CHUNK)
        if quiet is None:
            show(data, transcript, shown_on)
        else:
            transcript.write(data)
            write(quiet.shown(data), shown_on)


def _close(leader: subprocess.Popen[bytes], answers: IO[bytes], control: socket.socket, terminal: int) -> None:
    """Close everything: the leader ends with its socket, remaining processes get SIGHUP from their terminal."""
    answers.close()
    control.close()
    os.close(terminal)
    leader.wait()
