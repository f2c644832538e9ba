"""Children on pseudo-terminals that are joined to ours."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import IO, TYPE_CHECKING, Any

from accel_doctor.system.process.suspending import suspend_key_obeyed

if TYPE_CHECKING:
    import pexpect

NOT_FOUND = 127  # as a shell answers

_CHUNK = 64 * 1024
_POLL = 0.1  # seconds between looks at a silent process


def interact(
    argv: Sequence[str], transcript: IO[bytes], environment: Mapping[str, str], *, shown_on: int
) -> tuple[int, str]:
    """Join a child on a pseudo-terminal to ours; its return code, and why it could not be started.

    What it shows goes to the file descriptor ``shown_on`` and, byte for byte, to ``transcript``. Its terminal has the
    size and the settings (the erase key, say) of the one on our stdin, and its suspend key stops us with it.
    """
    import pexpect

    rows_and_columns = _window_size()
    try:
        child = pexpect.spawn(argv[0], list(argv[1:]), env=dict(environment), timeout=None, dimensions=rows_and_columns)
    except pexpect.ExceptionPexpect:
        message = f"{argv[0]}: command not found"
        transcript.write(f"{message}\n".encode())
        return NOT_FOUND, message
    child.logfile_read = transcript  # what is shown, not what is typed: passwords are not echoed
    child.STDOUT_FILENO = shown_on
    take_over_settings(child.child_fd)
    # without an encoding, pexpect's strings are bytes
    keys_left: Any = suspend_key_obeyed(child.child_fd, shown_on, lambda: take_over_window_size(child.child_fd))
    with window_size_passed_on(child.child_fd):
        try:
            child.interact(escape_character=None, input_filter=keys_left)
            _show_rest(child)
            if child.isalive():
                child.wait()
        finally:
            child.close(force=True)
    if child.exitstatus is not None:
        return child.exitstatus, ""
    return -(child.signalstatus or 1), ""


def start_on(terminal: int, argv: Sequence[str], environment: Mapping[str, str], *, kept: int) -> Callable[[], int]:
    """Start a process in a session of its own, with a terminal and one more descriptor; what waits for its end."""
    child = subprocess.Popen(
        list(argv),
        stdin=terminal,
        stdout=terminal,
        stderr=terminal,
        env=dict(environment),
        pass_fds=[kept],
        start_new_session=True,
    )
    return child.wait


def take_over_settings(terminal: int) -> None:
    """Give the pseudo-terminal behind a descriptor the settings of the terminal on our stdin."""
    import termios

    with contextlib.suppress(termios.error):  # stdin is no terminal, or the child has gone
        termios.tcsetattr(terminal, termios.TCSANOW, termios.tcgetattr(0))


def take_over_window_size(terminal: int) -> None:
    """Give it the size of the terminal on our stdin; whoever runs there is told, as by a terminal's window."""
    import fcntl
    import struct
    import termios

    with contextlib.suppress(OSError):
        fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", *_window_size(), 0, 0))


def _show_rest(child: pexpect.spawn[Any]) -> None:
    """interact() stops as soon as it sees that the child has ended, whatever it has not read by then."""
    import pexpect

    with contextlib.suppress(pexpect.EOF, pexpect.TIMEOUT):
        while rest := child.read_nonblocking(_CHUNK, timeout=_POLL):  # also goes to the transcript
            os.write(child.STDOUT_FILENO, rest)


def _window_size() -> tuple[int, int]:
    try:
        columns, rows = os.get_terminal_size(0)
    except OSError:
        return 24, 80
    return rows or 24, columns or 80


@contextlib.contextmanager
def window_size_passed_on(terminal: int) -> Iterator[None]:
    """While the block runs, a new size of our terminal becomes that of the pseudo-terminal."""
    if threading.current_thread() is not threading.main_thread():
        yield  # only the main thread may handle signals
        return
    previous = signal.signal(signal.SIGWINCH, lambda *_: take_over_window_size(terminal))
    try:
        yield
    finally:
        signal.signal(signal.SIGWINCH, previous)
