"""Logs named on the command line: opened, refused where they are compressed, and read up to a bound."""

from __future__ import annotations

import shlex
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import BinaryIO

from accel_doctor.errors import UsageError
from accel_doctor.interfaces import Notifier
from accel_doctor.wording import printable

LARGEST = 4 << 30  # bytes of one log that are read: an end to /dev/zero, and to what a runaway process writes

# How files of each kind begin (gzip: RFC 1952; xz: its file format 1.2.1; Zstandard: RFC 8878; bzip2 has no paper),
# and what undoes it to standard output.
_COMPRESSED = (
    (b"\x1f\x8b\x08", "gzip", "gzip -dc"),
    (b"\xfd7zXZ\0", "xz", "xz -dc"),
    (b"\x28\xb5\x2f\xfd", "zstd", "zstd -dc"),
    (b"BZh", "bzip2", "bzip2 -dc"),
    (b"PK\3\4", "zip", "unzip -p"),
)
_SHORTEST = max(len(beginning) for beginning, *_ in _COMPRESSED)


class LogStream:
    """A log named on the command line, ``-`` for standard input. :meth:`read` raises UsageError."""

    def __init__(self, name: str, stream: BinaryIO, notifier: Notifier) -> None:
        self._name = name
        self._stream = stream
        self._notifier = notifier
        self._left = LARGEST
        self._begun = False

    @classmethod
    def opened(cls, name: str, stack: ExitStack, notifier: Notifier) -> LogStream:
        """Open the log of that name; it is closed with ``stack``."""
        if name == "-":
            return cls(name, sys.stdin.buffer, notifier)
        try:
            return cls(name, stack.enter_context(Path(name).open("rb")), notifier)
        except OSError as error:
            raise _unreadable(name, error) from error

    def read(self, size: int, /) -> bytes:
        """Read as a file does, until :data:`LARGEST` bytes were read."""
        if self._left <= 0:
            return b""
        try:
            data = self._stream.read(size)
        except OSError as error:
            raise _unreadable(self._name, error) from error
        if not self._begun:
            self._begun = True
            self._refuse_compressed(data[:_SHORTEST])
        self._left -= len(data)
        if self._left <= 0:
            self._notifier.note(f"{printable(self._name)}: read only the first {LARGEST >> 30} GiB")
        return data

    def _refuse_compressed(self, beginning: bytes) -> None:
        for mark, kind, command in _COMPRESSED:
            if beginning.startswith(mark):
                source = shlex.quote(self._name) if self._name != "-" else ""
                raise UsageError(
                    f"{self._name} is {kind}-compressed",
                    hint=f"decompress it: {' '.join(f'{command} {source}'.split())} | accel-doctor diagnose -",
                )


def _unreadable(name: str, error: OSError) -> UsageError:
    return UsageError(f"cannot read {name}: {error.strerror}")
