"""Log lines as a person reads them: colours, margins and wrapping of the tools around the compiler removed."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator

MAXIMUM_LENGTH = 4096  # characters of a line that are looked at; compiler command lines are the longest honest ones

_ESCAPE = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\-_])")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
# BuildKit's "#12 3.456 " and GitHub Actions' "2025-01-31T12:00:00.1234567Z ".
_STAMP = re.compile(r"#\d+ \d+\.\d+ |\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z ")
# pip's and uv's frames ("  │ ", "╰─> ", "├─▶ "), rustc's notes ("  = note: ").
_FRAME = re.compile(r"= (?:note|help): |[│├╰╭\u00d7]?[─▶>╯╮]*[│]?")
_FRAME_START = frozenset("│├╰╭\u00d7=")
_CMAKE_ERROR = re.compile(r"CMake Error(?: \(dev\))? at .*\([A-Za-z_]\w*\):$")
_PRINTED_BYTES = 65536  # characters of a printed bytes object that is taken apart
_BYTES_ESCAPE = re.compile(rb"\\(x[0-9a-f]{2}|.)", re.DOTALL)
_CMAKE_LINES = 60  # of one wrapped message


def clean(line: str) -> str:
    """The line without escapes, carriage-return overprinting, control characters, time stamps and frames.

    Indentation stays: CMake's wrapping is told by it.
    """
    line = line.rstrip("\r\n")[: 2 * MAXIMUM_LENGTH]
    if "\x1b" in line:
        line = _ESCAPE.sub("", line)
    if "\r" in line:  # what is left visible after overprinting
        line = line.rpartition("\r")[2]
    line = line[:MAXIMUM_LENGTH]
    if not line.isprintable():
        line = _CONTROL.sub("", line.expandtabs(8))
    if line[:1] in ("#", "2"):
        stamp = _STAMP.match(line)
        if stamp:
            line = line[stamp.end() :]
    text = line.lstrip()
    if text and text[0] in _FRAME_START:
        frame = _FRAME.match(text)
        if frame and frame.end():
            indent = len(line) - len(text) + frame.end()
            line = " " * indent + text[frame.end() :]
    return line.rstrip()


def readable_lines(lines: Iterable[str], wanted: Callable[[str], object]) -> Iterator[tuple[int, str]]:
    """Number (from 1) and stripped text of those lines that ``wanted`` accepts, one at a time.

    A CMake error, which CMake wraps at 80 columns in the midst of sentences (cmake(1) has no way to turn that off),
    comes as one line under the number of its first.
    """
    message: list[str] = []
    start = depth = 0
    for number, raw in _lines_within(lines):
        if not message and not wanted(raw) and "\x1b" not in raw:
            continue
        line = clean(raw)
        text = line.lstrip()
        indent = len(line) - len(text)
        if message:
            if (not text or indent > depth) and len(message) < _CMAKE_LINES:
                message.append(text)
                continue
            yield start, _joined(message)
            message = []
        if _CMAKE_ERROR.match(text):
            message, start, depth = [text], number, indent
        elif text and wanted(text):
            yield number, text
    if message:
        yield start, _joined(message)


def _lines_within(lines: Iterable[str]) -> Iterator[tuple[int, str]]:
    """The lines, numbered; those of output that a setup.py printed as a bytes object, under the number of its line."""
    for number, raw in enumerate(lines, 1):
        text = raw.strip() if "\\n" in raw and len(raw) <= _PRINTED_BYTES else ""
        if text[:2] in ("b'", 'b"') and text[-1] == text[1]:
            value = _BYTES_ESCAPE.sub(_unescaped, text[2:-1].encode("latin-1", "replace"))
            for part in value.decode("utf-8", "replace").splitlines():
                yield number, part
        else:
            yield number, raw


def _unescaped(found: re.Match[bytes]) -> bytes:
    escape = found[1]
    if len(escape) == 3:
        return bytes([int(escape[1:], 16)])
    return {b"n": b"\n", b"r": b"\r", b"t": b"\t"}.get(escape, escape)


def _joined(message: list[str]) -> str:
    return " ".join(" ".join(message).split())[:MAXIMUM_LENGTH]
