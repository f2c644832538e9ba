"""Make usable what this process was started with: its descriptors, its streams, a home directory.

A container may have neither HOME nor an entry for its user, a service no stdin, a script a full disk behind stdout.
"""

from __future__ import annotations

import contextlib
import io
import os
import select
import signal
import sys

TYPE_CHECKING = False  # importing typing takes as long as all of this
if TYPE_CHECKING:
    from typing import Any

# A closed descriptor is filled with a file that fails as a closed one would; else the next file opened takes its place.
_CLOSED = (os.O_WRONLY, os.O_RDONLY, os.O_RDONLY)


class _Nothing(io.RawIOBase):
    """Read nothing, as from a closed stdin."""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        return 0


class _Results(io.FileIO):
    """Write to our stdout; what it does not take is an error that names it."""

    def write(self, data: Any) -> int:
        while True:
            try:
                written = super().write(data)
            except OSError as error:
                error.filename = "stdout"
                raise
            if written is not None:
                return written
            select.select([], [self], [])  # another program made it non-blocking


class _Notes(io.FileIO):
    """Write to our stderr; what it does not take is lost: there is nobody to tell, and the work goes on."""

    def write(self, data: Any) -> int:
        with contextlib.suppress(OSError):
            super().write(data)
        return memoryview(data).nbytes


def made_usable() -> str | None:
    """Fill closed descriptors, replace stdout and stderr, and see to a home; return a temporary one to be removed."""
    for descriptor, mode in enumerate(_CLOSED):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, mode)  # takes the lowest free descriptor, which is this one
            os.set_inheritable(descriptor, True)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)  # ignored, it takes the exit codes of our children away
    sys.stdin = sys.stdin or io.TextIOWrapper(io.BufferedReader(_Nothing()))
    sys.stdout = _text(_Results(1, "w", closefd=False), sys.stdout)
    sys.stderr = _text(_Notes(2, "w", closefd=False), sys.stderr)
    return None if os.environ.get("HOME", "").startswith("/") else _home()


def _text(raw: io.FileIO, before: Any) -> io.TextIOWrapper:
    encoding = getattr(before, "encoding", None) or "utf-8"
    buffered = io.BufferedWriter(raw)
    return io.TextIOWrapper(buffered, encoding, "backslashreplace", line_buffering=raw.isatty() or raw.fileno() == 2)


def _home() -> str | None:
    """Set HOME to what the user database says, or to a temporary directory; return the latter."""
    import pwd
    import tempfile

    with contextlib.suppress(KeyError):
        os.environ["HOME"] = pwd.getpwuid(os.getuid()).pw_dir
        return None
    os.environ["HOME"] = temporary = tempfile.mkdtemp(prefix="accel-doctor-home-")
    return temporary
