"""Child processes: started, read to their end, ended with their process groups."""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO

TIMED_OUT = 124  # as timeout(1) answers
NOT_EXECUTABLE = 126  # as a shell answers
NOT_FOUND = 127  # as a shell answers

_CHUNK = 64 * 1024
_POLL = 0.1  # seconds between looks at a silent process
_TERM_GRACE = 3.0  # seconds between SIGTERM and SIGKILL
_DRAIN = 1.0  # seconds to read on after the end, when a background process still holds the pipe

Sink = Callable[[bytes], None]


class NotStartedError(Exception):
    def __init__(self, returncode: int, message: str) -> None:
        super().__init__(message)
        self.returncode = returncode
        self.message = message


def start(
    argv: Sequence[str],
    environment: Mapping[str, str],
    directory: Path | None,
    source: IO[bytes] | int | None,
    stderr: int,
    apart: bool,
) -> subprocess.Popen[bytes]:
    try:
        return subprocess.Popen(
            list(argv),
            stdin=source,
            stdout=subprocess.PIPE,
            stderr=stderr,
            cwd=directory,
            env=environment,
            start_new_session=apart,
        )
    except OSError as error:
        if directory is not None and str(error.filename) == str(directory):
            raise  # Popen blames a missing working directory in the same way as a missing command
        if isinstance(error, FileNotFoundError):
            raise NotStartedError(NOT_FOUND, f"{argv[0]}: command not found") from error
        raise NotStartedError(NOT_EXECUTABLE, f"{argv[0]}: {error.strerror}") from error


def pump(child: subprocess.Popen[bytes], sinks: Mapping[IO[bytes], Sink], deadline: float | None) -> int:
    """Hand on output until the child has ended; its return code, or TIMED_OUT.

    A build may leave a daemon behind (sccache does) which inherits the pipe: waiting for the end of file would
    be waiting for ever, so the end of the child counts, and what can be read right after it.
    """
    ended_at: float | None = None
    timed_out = False
    with selectors.DefaultSelector() as selector:
        for stream, sink in sinks.items():
            selector.register(stream, selectors.EVENT_READ, (stream, sink))
        while selector.get_map():
            ready = selector.select(_POLL)
            for key, _ in ready:
                stream, sink = key.data
                if not _handed_on(os.read(key.fd, _CHUNK), sink):
                    selector.unregister(stream)
                    stream.close()
            now = time.monotonic()
            if ended_at is not None:  # known before this look, so nothing that the child wrote was missed
                if not ready or now > ended_at + _DRAIN:
                    break
            elif child.poll() is not None:
                ended_at = now
            elif deadline is not None and now > deadline:
                timed_out = True
                end([child])
                ended_at = time.monotonic()
    return TIMED_OUT if timed_out else _outcome(child, deadline)


def _handed_on(data: bytes, sink: Sink) -> bool:
    """Whether there is more to come and somebody who wants it: where nobody reads on, the child is to find that out."""
    try:
        sink(data)
    except BrokenPipeError:
        return False
    return bool(data)


def _outcome(child: subprocess.Popen[bytes], deadline: float | None) -> int:
    """The return code of a child that has closed its output, TIMED_OUT when it outlives the deadline."""
    try:
        return child.wait(None if deadline is None else max(0.0, deadline - time.monotonic()))
    except subprocess.TimeoutExpired:
        end([child])
        return TIMED_OUT


def end(children: Sequence[subprocess.Popen[bytes]]) -> None:
    """End the process groups of these children: SIGTERM, a few seconds, SIGKILL."""
    running = [child for child in children if child.poll() is None]
    for child in running:
        _signal_group(child, signal.SIGTERM)
    deadline = time.monotonic() + _TERM_GRACE
    for child in running:
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(max(0.0, deadline - time.monotonic()))
    for child in running:  # the leader may be gone while others of its group ignored SIGTERM
        _signal_group(child, signal.SIGKILL)
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(_TERM_GRACE)


def _signal_group(child: subprocess.Popen[bytes], number: signal.Signals) -> None:
    # PermissionError: a child that became another user (sudo) is ended through its own parent, or not at all.
    with contextlib.suppress(ProcessLookupError, PermissionError):
        if os.getpgid(child.pid) == child.pid:
            os.killpg(child.pid, number)
        else:  # it shares our group
            child.send_signal(number)
