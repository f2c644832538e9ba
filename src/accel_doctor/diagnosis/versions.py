"""Which Python a log is of, told by the compiler's command lines in it."""

from __future__ import annotations

import re
from collections import Counter

from accel_doctor.diagnosis.scanning import Readable

_SHOWN = re.compile(rb"/include/python(3\.\d{1,2})\b|-cpython-3(\d{1,2})[/-]|-cp3(\d{1,2})-")
_LOOKED_AT = 4 << 20  # bytes


class WatchedStream:
    """Reads on from a binary stream, and remembers which versions of Python went by."""

    def __init__(self, stream: Readable) -> None:
        self._stream = stream
        self._seen: Counter[str] = Counter()
        self._left = _LOOKED_AT

    def read(self, size: int, /) -> bytes:
        """As the stream's own."""
        data = self._stream.read(size)
        if self._left > 0 and data:
            self._left -= len(data)
            for whole, *minors in _SHOWN.findall(data):
                self._seen[whole.decode() or f"3.{''.join(minor.decode() for minor in minors)}"] += 1
        return data

    @property
    def python(self) -> str | None:
        """The version (``3.13``) that was shown most often; None where none was."""
        return self._seen.most_common(1)[0][0] if self._seen else None
