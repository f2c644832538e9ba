"""Child processes: start them, read their output to the end, forward signals, end their process groups."""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from types import FrameType
from typing import IO

CAPTURE_LIMIT = 64 * 1024 * 1024  # bytes of a stream kept in memory; the rest is read and dropped
LINE_LIMIT = 64 * 1024  # bytes of one line passed to a callback
TIMED_OUT = 124  # as timeout(1) returns
NOT_EXECUTABLE = 126  # as a shell answers
NOT_FOUND = 127  # as a shell answers

_CHUNK = 64 * 1024
_POLL = 0.1  # seconds between checks of a silent process
_TERM_GRACE = 3.0  # seconds between SIGTERM and SIGKILL
_DRAIN = 1.0  # seconds to read on after the end, when a background process still holds the pipe

Sink = Callable[[bytes], None]
Handler = Callable[[int, "FrameType | None"], None]

_FORWARDED = (signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGUSR1, signal.SIGUSR2)


class Kept:
    """A stream kept in memory, up to a limit."""

    def __init__(self, limit: int = CAPTURE_LIMIT) -> None:
        self._limit = limit
        self._data = bytearray()

    def add(self, data: bytes) -> None:
        self._data += data[: self._limit - len(self._data)]

    @property
    def text(self) -> str:
        return self._data.decode(errors="replace")


def show(data: bytes, log: IO[bytes], descriptor: int) -> None:
    """Append bytes to a log, and write them to a file descriptor of ours."""
    log.write(data)
    write(data, descriptor)


def write(data: bytes, descriptor: int) -> None:
    """Write bytes to a file descriptor of ours."""
    try:
        while data:
            data = data[os.write(descriptor, data) :]
    except OSError as error:
        error.filename = {1: "stdout", 2: "stderr"}.get(descriptor)
        raise


class Lines:
    """Splits a stream into lines for a callback, buffering at most LINE_LIMIT bytes of a line."""

    def __init__(self, on_line: Callable[[str], None]) -> None:
        self._on_line = on_line
        self._begun = b""

    def add(self, data: bytes) -> None:
        *complete, rest = (self._begun + data).split(b"\n")
        self._begun = rest[:LINE_LIMIT]
        for line in complete:
            self._on_line(line[:LINE_LIMIT].decode(errors="replace").rstrip("\r"))

    def end(self) -> None:
        if self._begun:
            self.add(b"\n")


@contextlib.contextmanager
def handled(handlers: Mapping[signal.Signals, Handler]) -> Iterator[None]:
    """Handle these signals while the block runs; do nothing outside the main thread, where Python does not allow it."""
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
    """Forward termination signals to the child while the block runs, so that the child decides when to end.

    A terminal sends Ctrl-C to the whole group, so the child already has it; without one (``docker kill -s INT``) it
    was sent to this program only.
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
            close_fds=apart,  # the user's own command has every descriptor that was meant for it
        )
    except OSError as error:
        if directory is not None and str(error.filename) == str(directory):
            raise  # Popen reports a missing working directory like a missing command
        if isinstance(error, FileNotFoundError):
            raise NotStartedError(NOT_FOUND, f"{argv[0]}: command not found") from error
        raise NotStartedError(NOT_EXECUTABLE, f"{argv[0]}: {error.strerror}") from error


def pump(child: subprocess.Popen[bytes], sinks: Mapping[IO[bytes], Sink], deadline: float | None) -> int:
    """Pass on output until the child ends; return its return code, or TIMED_OUT.

    A build may leave behind a daemon (sccache does) that inherits the pipe: waiting for the end of file could
    block forever, so the end of the child counts, plus the output that can be read right after it.
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
            if ended_at is not None:  # known before this read, so none of the child's output was missed
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
    """Pass data on; return False at the end of output, or if the sink is closed, which the child must notice."""
    try:
        sink(data)
    except BrokenPipeError:
        return False
    return bool(data)


def _outcome(child: subprocess.Popen[bytes], deadline: float | None) -> int:
    """Return the return code of a child that has closed its output, or TIMED_OUT if it outlives the deadline."""
    try:
        return child.wait(None if deadline is None else max(0.0, deadline - time.monotonic()))
    except subprocess.TimeoutExpired:
        end([child])
        return TIMED_OUT


def end(children: Sequence[subprocess.Popen[bytes]], grace: float | None = None) -> None:
    """End the process groups of these children: SIGTERM, then SIGKILL after ``grace`` seconds."""
    grace = _TERM_GRACE if grace is None else grace
    running = [child for child in children if child.poll() is None]
    for child in running:
        _signal_group(child, signal.SIGTERM)
    deadline = time.monotonic() + grace
    for child in running:
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(max(0.0, deadline - time.monotonic()))
    for child in running:  # the leader may be gone while others in its group ignored SIGTERM
        _signal_group(child, signal.SIGKILL)
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(grace)


def _signal_group(child: subprocess.Popen[bytes], number: signal.Signals) -> None:
    # PermissionError: a child running as another user (sudo) is ended by its own parent, or not at all.
    with contextlib.suppress(ProcessLookupError, PermissionError):
        if os.getpgid(child.pid) == child.pid:
            os.killpg(child.pid, number)
        else:  # the child shares our group
            child.send_signal(number)
