"""Starts processes; nothing else here imports subprocess or pexpect."""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO

from accel_doctor.interfaces import Completed
from accel_doctor.system.process.captured import Kept, Lines
from accel_doctor.system.process.forwarding import signals_passed_on
from accel_doctor.system.process.pseudo_terminal import NOT_FOUND, interact
from accel_doctor.system.process.terminal_session import TerminalSession

TIMED_OUT = 124  # as timeout(1) answers
NOT_EXECUTABLE = 126  # as a shell answers
STOPPED = 130  # after stop(), nothing is started any more

_CHUNK = 64 * 1024
_POLL = 0.1  # seconds between looks at a silent process
_TERM_GRACE = 3.0  # seconds between SIGTERM and SIGKILL
_DRAIN = 1.0  # seconds to read on after the end, when a background process still holds the pipe

Sink = Callable[[bytes], None]


class ProcessRunner:
    """Implements :class:`accel_doctor.interfaces.Runner`; may be used from several threads.

    ``environment`` is what children inherit; they work in ``directory``, unless a call names another one. Each child
    leads a session of its own, without a terminal (so that nothing can sit waiting for a password there) and without
    stdin; only :meth:`converse` gives it a terminal.
    Ctrl-C therefore reaches this program alone: it ends the child that the interrupted thread waits for, and
    :meth:`stop` ends those of the other threads.
    A return code is 124 after a timeout, 126 for a file that cannot be executed, 127 for a command not found,
    130 once :meth:`stop` was called, and negative for a process that a signal ended.
    """

    def __init__(self, environment: Mapping[str, str], directory: Path | None = None) -> None:
        self._environment = dict(environment)
        self._directory = directory
        self._children: set[subprocess.Popen[bytes]] = set()
        self._lock = threading.RLock()  # a signal handler may call stop() while this thread holds it
        self._stopped = False
        self._session: TerminalSession | None = None

    def capture(
        self,
        argv: Sequence[str],
        *,
        environment: Mapping[str, str] | None = None,
        directory: Path | None = None,
        stdin: str | None = None,
        timeout: float | None = None,
    ) -> Completed:
        """Run to the end with stdout and stderr apart; after ``timeout`` seconds, what was printed so far."""
        out, err = Kept(), Kept()
        begun = time.monotonic()
        with _input(stdin) as source:
            try:
                with self._child(argv, environment, directory, source, subprocess.PIPE) as child:
                    assert child.stdout is not None  # noqa: S101 - both are pipes
                    assert child.stderr is not None  # noqa: S101
                    sinks = {child.stdout: out.add, child.stderr: err.add}
                    returncode = _pump(child, sinks, None if timeout is None else begun + timeout)
            except _NotStartedError as problem:
                return Completed(tuple(argv), problem.returncode, "", problem.message, time.monotonic() - begun)
        return Completed(tuple(argv), returncode, out.text, err.text, time.monotonic() - begun)

    def record(
        self,
        argv: Sequence[str],
        log: Path,
        *,
        environment: Mapping[str, str] | None = None,
        directory: Path | None = None,
        on_line: Callable[[str], None] | None = None,
    ) -> Completed:
        """Run to the end; the merged output is appended to ``log``, byte for byte, as it comes.

        ``on_line`` gets every line without its end, and only the first 64 KiB of a longer one.
        """
        begun = time.monotonic()
        lines = Lines(on_line)
        with log.open("ab", buffering=0) as file, _input(None) as source:

            def keep(data: bytes) -> None:
                file.write(data)
                lines.add(data)

            try:
                with self._child(argv, environment, directory, source, subprocess.STDOUT) as child:
                    assert child.stdout is not None  # noqa: S101 - it is a pipe
                    returncode = _pump(child, {child.stdout: keep}, None)
            except _NotStartedError as problem:
                keep(f"{problem.message}\n".encode())
                returncode = problem.returncode
        lines.end()
        return Completed(tuple(argv), returncode, "", "", time.monotonic() - begun)

    def converse(self, argv: Sequence[str], log: Path, *, environment: Mapping[str, str] | None = None) -> Completed:
        """Run on a pseudo-terminal joined to ours; what it shows is appended to ``log``, what is typed is not.

        Keys go to the child's terminal as they are, Ctrl-C too, so that it is the child which decides what an
        interrupt means. Needs a terminal on stdin. All conversations of one runner are of one terminal session, so
        that a password is asked for once.
        """
        begun = time.monotonic()
        if self._session is None:
            self._session = TerminalSession(self._environment)
        with log.open("ab", buffering=0) as file:
            # stderr: stdout carries results, and may be a file
            spoken = self._session.run(argv, file, self._merged(environment), shown_on=2)
        seconds = time.monotonic() - begun
        return Completed(tuple(argv), spoken.returncode, "", spoken.message, seconds, spoken.interrupted)

    def watch(self, argv: Sequence[str], log: Path, *, terminal: bool) -> Completed:
        """Run a person's own command as if nobody stood between; all it shows is appended to ``log`` as well.

        With ``terminal`` it has one, joined to ours. Without, it has our stdin, its stdout and stderr go to ours, and
        it stays in our process group, so that Ctrl-C reaches it; this program then waits for it to end.
        """
        begun = time.monotonic()
        with log.open("ab", buffering=0) as file:
            if terminal:
                returncode, message = interact(argv, file, self._environment, shown_on=1)
            else:
                returncode, message = self._pass_through(argv, file)
        return Completed(tuple(argv), returncode, "", message, time.monotonic() - begun)

    def _pass_through(self, argv: Sequence[str], log: IO[bytes]) -> tuple[int, str]:
        def shown_on(descriptor: int) -> Sink:
            def show(data: bytes) -> None:
                log.write(data)
                while data:
                    data = data[os.write(descriptor, data) :]

            return show

        try:
            with self._child(argv, None, None, None, subprocess.PIPE, apart=False) as child:
                assert child.stdout is not None  # noqa: S101 - both are pipes
                assert child.stderr is not None  # noqa: S101
                with signals_passed_on(child.pid):
                    return _pump(child, {child.stdout: shown_on(1), child.stderr: shown_on(2)}, None), ""
        except _NotStartedError as problem:
            log.write(f"{problem.message}\n".encode())
            return problem.returncode, problem.message

    @property
    def stopped(self) -> bool:
        """Whether :meth:`stop` was called."""
        return self._stopped

    def stop(self) -> None:
        """End all running children, and start none from now on: SIGTERM, then SIGKILL. Returns within seconds."""
        with self._lock:
            self._stopped = True
            children = tuple(self._children)
        _end(children)

    def _merged(self, environment: Mapping[str, str] | None) -> dict[str, str]:
        return {**self._environment, **(environment or {})}

    @contextlib.contextmanager
    def _child(
        self,
        argv: Sequence[str],
        environment: Mapping[str, str] | None,
        directory: Path | None,
        source: IO[bytes] | int | None,
        stderr: int,
        *,
        apart: bool = True,
    ) -> Iterator[subprocess.Popen[bytes]]:
        """A running child, gone (and its process group with it) when the block is left by an exception."""
        with self._lock:  # held while starting, so that stop() misses nobody
            if self._stopped:
                raise _NotStartedError(STOPPED, f"{argv[0]}: not started, the run was interrupted")
            child = _start(argv, self._merged(environment), directory or self._directory, source, stderr, apart)
            self._children.add(child)
        try:
            yield child
        except BaseException:
            _end([child])
            raise
        finally:
            with self._lock:
                self._children.discard(child)
            for stream in (child.stdout, child.stderr):
                if stream is not None:
                    stream.close()


class _NotStartedError(Exception):
    def __init__(self, returncode: int, message: str) -> None:
        super().__init__(message)
        self.returncode = returncode
        self.message = message


def _start(
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
            raise _NotStartedError(NOT_FOUND, f"{argv[0]}: command not found") from error
        raise _NotStartedError(NOT_EXECUTABLE, f"{argv[0]}: {error.strerror}") from error


@contextlib.contextmanager
def _input(text: str | None) -> Iterator[IO[bytes] | int]:
    """A file with the text to read, or nothing: a file, unlike a pipe, cannot block either side."""
    if text is None:
        yield subprocess.DEVNULL
        return
    with tempfile.TemporaryFile() as file:
        file.write(text.encode())
        file.seek(0)
        yield file


def _pump(child: subprocess.Popen[bytes], sinks: Mapping[IO[bytes], Sink], deadline: float | None) -> int:
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
                _end([child])
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
        _end([child])
        return TIMED_OUT


def _end(children: Sequence[subprocess.Popen[bytes]]) -> None:
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
