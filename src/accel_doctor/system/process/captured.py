"""Keeps what processes print, within bounds."""

from __future__ import annotations

from collections.abc import Callable

CAPTURE_LIMIT = 64 * 1024 * 1024  # bytes kept of a stream in memory; the rest is read and dropped
LINE_LIMIT = 64 * 1024  # bytes of one line given to a callback


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


class Lines:
    """Cuts a stream into lines for a callback, holding no more than LINE_LIMIT of one."""

    def __init__(self, on_line: Callable[[str], None] | None) -> None:
        self._on_line = on_line
        self._line = bytearray()
        self._open = False

    def add(self, data: bytes) -> None:
        if self._on_line is None:
            return
        *complete, rest = data.split(b"\n")
        for part in complete:
            self._append(part)
            self._emit()
        if rest:
            self._append(rest)

    def end(self) -> None:
        if self._open:
            self._emit()

    def _append(self, part: bytes) -> None:
        self._open = True
        self._line += part[: LINE_LIMIT - len(self._line)]

    def _emit(self) -> None:
        line = bytes(self._line).decode(errors="replace").rstrip("\r")
        self._line.clear()
        self._open = False
        if self._on_line is not None:
            self._on_line(line)
