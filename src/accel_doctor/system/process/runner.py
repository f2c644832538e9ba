"""Run commands: captured, recorded, on a terminal with the user, or passed through."""

from __future__ import annotations

import contextlib
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import IO, TYPE_CHECKING

from accel_doctor.interfaces import Audience
from accel_doctor.model.processes import Completed
from accel_doctor.system.process.children import (
    Kept,
    Lines,
    NotStartedError,
    Sink,
    end,
    pump,
    show,
    signals_passed_on,
    start,
)

if TYPE_CHECKING:
    from accel_doctor.system.process.terminal_session import TerminalSession

STOPPED = 130  # after stop(), nothing more is started
_PATIENCE = 0.4  # seconds that children have to end once a person waits for it


class ProcessRunner:
    """Implement :class:`accel_doctor.interfaces.Runner`; may be used from several threads.

    Children inherit ``environment`` and work in ``directory``, unless a call names another one. Each child
    leads its own session, without a terminal (so that nothing can wait there for a password) and without
    stdin; only :meth:`converse` gives it a terminal.
    Ctrl-C therefore reaches only this program: it ends the child that the interrupted thread waits for, and
    :meth:`stop` ends those of the other threads.
    A return code is 124 after a timeout, 126 for a file that cannot be executed, 127 for a command not found,
    130 once :meth:`stop` was called, and negative for a process that a signal ended.
    """

    def __init__(
        self, environment: Mapping[str, str], directory: Path | None = None, audience: Audience | None = None
    ) -> None:
        """Let ``audience`` hear what goes to logs only; with one, conversations are shown where they ask."""
        self._audience = audience
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
        """Run to the end and return stdout and stderr separately; after ``timeout`` seconds, the output so far."""
        out, err = Kept(), Kept()
        with _input(stdin) as source:
            done = self._run(argv, out.add, err.add, environment, directory, source, timeout)
        return replace(done, output=out.text, stderr=done.stderr or err.text)

    def record(
        self,
        argv: Sequence[str],
        log: Path,
        *,
        environment: Mapping[str, str] | None = None,
        directory: Path | None = None,
        on_line: Callable[[str], None] | None = None,
    ) -> Completed:
        """Run to the end; append the merged output to ``log``, byte for byte, as it arrives.

        ``on_line`` gets every line without its line end, and only the first 64 KiB of a longer one.
        """
        heard = on_line or (self._audience.hear if self._audience else None)
        lines = Lines(heard) if heard else None
        with log.open("ab", buffering=0) as file:

            def keep(data: bytes) -> None:
                file.write(data)
                if lines:
                    lines.add(data)

            done = self._run(argv, keep, None, environment, directory)
        if lines:
            lines.end()
        return replace(done, stderr="")

    def converse(self, argv: Sequence[str], log: Path, *, environment: Mapping[str, str] | None = None) -> Completed:
        """Run on a pseudo-terminal connected to ours; append its output to ``log``, but not the input.

        Keys go to the child's terminal unchanged, including Ctrl-C, so the child decides what an
        interrupt means. Needs a terminal on stdin. All conversations of one runner share one terminal session, so
        a password is requested only once.
        """
        # stderr: stdout is for results, and may be a file
        return self._terminal_session().run(argv, log, self._merged(environment), shown_on=2, audience=self._audience)

    def watch(self, argv: Sequence[str], log: Path, *, terminal: bool) -> Completed:
        """Run the user's own command as if started directly; also append all its output to ``log``.

        With ``terminal`` it has one, connected to ours. Else it has our stdin, its stdout and stderr go to ours, and
        it stays in our process group, so that Ctrl-C reaches it; this program then waits for it to exit.
        """
        if terminal:
            done = self._terminal_session().run(argv, log, self._environment, shown_on=1, own_command=True)
        else:
            with log.open("ab", buffering=0) as file:
                out, err = (partial(show, log=file, descriptor=descriptor) for descriptor in (1, 2))
                done = self._run(argv, out, err, None, None, None, apart=False)
        return replace(done, stderr="")  # the reason it could not be started was shown

    def _terminal_session(self) -> TerminalSession:
        if self._session is None:
            from accel_doctor.system.process.terminal_session import TerminalSession  # only with a terminal

            self._session = TerminalSession(self._environment, self._directory)
        return self._session

    @property
    def stopped(self) -> bool:
        """Return whether :meth:`stop` was called."""
        return self._stopped

    def stop(self) -> None:
        """End all running children (SIGTERM, then SIGKILL), and start no more. Returns within a second."""
        with self._lock:
            self._stopped = True
            children = tuple(self._children)
        end(children, _PATIENCE)

    def _merged(self, environment: Mapping[str, str] | None) -> dict[str, str]:
        return {**self._environment, **(environment or {})}

    def _run(
        self,
        argv: Sequence[str],
        out: Sink,
        err: Sink | None,
        environment: Mapping[str, str] | None,
        directory: Path | None,
        source: IO[bytes] | int | None = subprocess.DEVNULL,
        timeout: float | None = None,
        *,
        apart: bool = True,
    ) -> Completed:
        """Run to the end; pass stdout to ``out``, and stderr to ``err`` or, without one, to ``out``.

        The reason that a command could not be started goes there too, and into the ``stderr`` of the result. A command
        that is not ``apart`` stays in our process group.
        """
        begun = time.monotonic()
        message = ""
        try:
            with self._child(argv, environment, directory, source, err is not None, apart) as child:
                sinks = {stream: sink for stream, sink in ((child.stdout, out), (child.stderr, err)) if stream and sink}
                with contextlib.nullcontext() if apart else signals_passed_on(child.pid):
                    returncode = pump(child, sinks, None if timeout is None else begun + timeout)
        except NotStartedError as problem:
            returncode, message = problem.returncode, problem.message
            (err or out)(f"{message}\n".encode())
        return Completed(tuple(argv), returncode, "", message, time.monotonic() - begun)

    @contextlib.contextmanager
    def _child(
        self,
        argv: Sequence[str],
        environment: Mapping[str, str] | None,
        directory: Path | None,
        source: IO[bytes] | int | None,
        stderr_apart: bool,
        apart: bool,
    ) -> Iterator[subprocess.Popen[bytes]]:
        """Yield a running child; end it and its process group if the block raises an exception."""
        stderr = subprocess.PIPE if stderr_apart else subprocess.STDOUT
        with self._lock:  # held while starting, so that stop() misses no child
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
    """Yield a file with the text to read, or DEVNULL: a file, unlike a pipe, cannot block either side."""
    if text is None:
        yield subprocess.DEVNULL
        return
    with tempfile.TemporaryFile() as file:
        file.write(text.encode())
        file.seek(0)
        yield file
