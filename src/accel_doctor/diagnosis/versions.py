"""Tell which Python version a log belongs to, by compiler command lines and by the tools that choose a version; and
which packages it shows being built."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter

from packaging.utils import canonicalize_name

from accel_doctor.diagnosis.scanning import Readable
from accel_doctor.model.needs import Diagnosis, Need

# Each alternative begins with a literal character, since that makes the search several times faster.
_MINOR_SHOWN = re.compile(
    rb"/include/python3\.(\d{1,2})\b"  # a compiler's -I
    rb"|-cpython-3(\d{1,2})[/-]|-cp3(\d{1,2})-"  # setuptools' build directories, names of wheels
    rb"|Using C?Python 3\.(\d{1,2})\b"  # uv
    rb"|py3\.?(\d{1,2}): (?:install_|commands)"  # tox
)
_STYLE = rb"(?:\x1b\[[0-9;]*m)*"
_NAME = rb"[A-Za-z0-9][A-Za-z0-9._-]{0,99}"
_BUILDING = re.compile(
    rb"Building" + _STYLE + rb" " + _STYLE + rb"(?P<uv>" + _NAME + rb")" + _STYLE + rb"=="
    rb"|Building wheels for collected packages: (?P<pip>" + _NAME + rb"(?:, " + _NAME + rb")*)"
)
_MOST_NAMES = 200
_LOOKED_AT = 4 << 20  # bytes
_CHANGES = 10_000  # changes of version to remember
_HEADERS = Need.parse("header:Python.h")


class WatchedStream:
    """Pass a binary stream through, and remember the versions of Python and the builds seen in it."""

    def __init__(self, stream: Readable) -> None:
        self._stream = stream
        self._seen: Counter[str] = Counter()
        self._left = _LOOKED_AT
        self._line = 1
        self._changes: list[tuple[int, str]] = []  # line, version shown from there on
        self._building: dict[str, None] = {}

    def read(self, size: int, /) -> bytes:
        """Read from the stream."""
        data = self._stream.read(size)
        if self._left > 0 and data:
            self._left -= len(data)
            self._look(data)
            for found in _BUILDING.finditer(data):
                names = (found["uv"] or found["pip"]).decode().split(", ")
                self._building |= dict.fromkeys(map(canonicalize_name, names[: _MOST_NAMES - len(self._building)]))
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
    def building(self) -> tuple[str, ...]:
        """Return the packages (normalized names) whose builds pip or uv said it would begin."""
        return tuple(self._building)

    @property
    def python(self) -> str | None:
        """Return the version (``3.13``) shown most often; None if none was shown."""
        return self._seen.most_common(1)[0][0] if self._seen else None

    def python_of(self, diagnosis: Diagnosis) -> str | None:
        """Return the version whose build failed: with several, the one shown last before the first
        cause."""
        lines = [cause.line for cause in diagnosis.causes if cause.need == _HEADERS]
        lines += [cause.line for cause in diagnosis.causes]
        above = bisect_right(self._changes, lines[0], key=lambda change: change[0]) if lines else 0
        return self._changes[above - 1][1] if above else self.python
