"""Runs commands: captured, recorded, in conversation with a person, or as if nobody stood between."""

from __future__ import annotations

import contextlib
import os
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import IO, TYPE_CHECKING

from accel_doctor.interfaces import Completed
from accel_doctor.system.process.children import Kept, Lines, NotStartedError, Sink, end, pump, signals_passed_on, start

if TYPE_CHECKING:
    from accel_doctor.system.process.terminal_session import TerminalSession

STOPPED = 130  # after stop(), nothing is started any more


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
                    returncode = pump(child, sinks, None if timeout is None else begun + timeout)
            except NotStartedError as problem:
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
                    returncode = pump(child, {child.stdout: keep}, None)
            except NotStartedError as problem:
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
        # stderr: stdout carries results, and may be a file
        return self._terminal_session().run(argv, log, self._merged(environment), shown_on=2)

    def watch(self, argv: Sequence[str], log: Path, *, terminal: bool) -> Completed:
        """Run a person's own command as if nobody stood between; all it shows is appended to ``log`` as well.

        With ``terminal`` it has one, joined to ours. Without, it has our stdin, its stdout and stderr go to ours, and
        it stays in our process group, so that Ctrl-C reaches it; this program then waits for it to end.
        """
        if terminal:
            done = self._terminal_session().run(argv, log, self._environment, shown_on=1, suspendable=True)
            return replace(done, stderr="")  # why it could not be started was shown
        begun = time.monotonic()
        with log.open("ab", buffering=0) as file:
            returncode, message = self._pass_through(argv, file)
        return Completed(tuple(argv), returncode, "", message, time.monotonic() - begun)

    def _terminal_session(self) -> TerminalSession:
        if self._session is None:
            from accel_doctor.system.process.terminal_session import TerminalSession  # only runs with a terminal

            self._session = TerminalSession(self._environment, self._directory)
        return self._session

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
                    return pump(child, {child.stdout: shown_on(1), child.stderr: shown_on(2)}, None), ""
        except NotStartedError as problem:
            log.write(f"{problem.message}\n".encode())
            return problem.returncode, problem.message

    @property
    def stopped(self) -> bool:
        """Return whether :meth:`stop` was called."""
        return self._stopped

    def stop(self) -> None:
        """End all running children, and start none from now on: SIGTERM, then SIGKILL. Returns within seconds."""
        with self._lock:
            self._stopped = True
            children = tuple(self._children)
        end(children)

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
        """Yield a running child; end it, and its process group, when the block is left by an exception."""
        with self._lock:  # held while starting, so that stop() misses nobody
            if self._stopped:
                raise NotStartedError(STOPPED, f"{argv[0]}: not started, the run was interrupted")
            child = start(argv, self._merged(environment), directory or self._directory, source, stderr, apart)
            self._children.add(child)
        try:
            yield child
        except BaseException:
            end([child])
            raise
        finally:
            with self._lock:
                self._children.discard(child)
            for stream in (child.stdout, child.stderr):
                if stream is not None:
                    stream.close()


@contextlib.contextmanager
def _input(text: str | None) -> Iterator[IO[bytes] | int]:
    """Yield a file with the text to read, or nothing: a file, unlike a pipe, cannot block either side."""
    if text is None:
        yield subprocess.DEVNULL
        return
    with tempfile.TemporaryFile() as file:
        file.write(text.encode())
        file.seek(0)
        yield file
