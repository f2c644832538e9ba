"""Tell which Python a log is of, by compilers' command lines and by the tools that choose it."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter

from accel_doctor.diagnosis.scanning import Readable
from accel_doctor.model.needs import Diagnosis, Need

# Alternatives that begin with a character each, since those are searched for several times faster than others.
_MINOR_SHOWN = re.compile(
    rb"/include/python3\.(\d{1,2})\b"  # a compiler's -I
    rb"|-cpython-3(\d{1,2})[/-]|-cp3(\d{1,2})-"  # setuptools' build directories, names of wheels
    rb"|Using C?Python 3\.(\d{1,2})\b"  # uv
    rb"|py3\.?(\d{1,2}): (?:install_|commands)"  # tox
)
_LOOKED_AT = 4 << 20  # bytes
_CHANGES = 10_000  # of version, remembered
_HEADERS = Need.parse("header:Python.h")


class WatchedStream:
    """Read on from a binary stream, and remember which versions of Python went by."""

    def __init__(self, stream: Readable) -> None:
        self._stream = stream
        self._seen: Counter[str] = Counter()
        self._left = _LOOKED_AT
        self._line = 1
        self._changes: list[tuple[int, str]] = []  # line, version that is shown from there on

    def read(self, size: int, /) -> bytes:
        """Read from the stream."""
        data = self._stream.read(size)
        if self._left > 0 and data:
            self._left -= len(data)
            self._look(data)
        return data

    def _look(self, data: bytes) -> None:
        counted = 0
        for found in _MINOR_SHOWN.finditer(data):
            self._line += data.count(b"\n", counted, found.start())
            counted = found.start()
            version = f"3.{next(filter(None, found.groups())).decode()}"
            self._seen[version] += 1
            new = not self._changes or self._changes[-1][1] != version
            if new and len(self._changes) < _CHANGES:
                self._changes.append((self._line, version))
        self._line += data.count(b"\n", counted)

    @property
    def python(self) -> str | None:
        """Return the version (``3.13``) that was shown most often; None where none was."""
        return self._seen.most_common(1)[0][0] if self._seen else None

    def python_of(self, diagnosis: Diagnosis) -> str | None:
        """Return the version whose build failed: where several were built for, the one shown last above the first
        cause."""
        lines = [cause.line for cause in diagnosis.causes if cause.need == _HEADERS]
        lines += [cause.line for cause in diagnosis.causes]
        above = bisect_right(self._changes, lines[0], key=lambda change: change[0]) if lines else 0
        return self._changes[above - 1][1] if above else self.python
