"""Read a log in blocks, and extract the few lines of each that may be relevant.

Memory does not grow with the log: a block is searched whole, as bytes, and only matching lines are decoded and
cleaned. Lines longer than any real one are cut.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable, Iterator
from typing import Protocol

from accel_doctor.diagnosis.cleaning import MAXIMUM_LENGTH, clean, printed_lines, without_escapes

BLOCK = 1 << 18  # bytes
RECENT = 1 << 16  # bytes kept for a second look
LONGEST_LINE = 1 << 16  # bytes; the rest of a longer line is not read

WRAPPED = ("CMake Error", "configure: error:")  # beginnings of messages that continue in the following lines
_CMAKE_ERROR = re.compile(r"CMake Error(?: \(dev\))? (?:at .*\([A-Za-z_]\w*\)|in \S+):$")
_ANY = re.compile(b"(?m)^")
_CONFIGURE_ERROR = WRAPPED[1]
_WRAPPED_LINES = 60  # of one wrapped message
_REMEMBERED = 4096  # lines
_REMEMBERED_LENGTH = 512  # bytes of one

_OVERPRINTED = -1  # in place of an indentation: text that a carriage return hides
_Text = tuple[int, str]  # indentation, text


class Readable(Protocol):
    """The part of a binary stream that reading a log needs."""

    def read(self, size: int, /) -> bytes:
        """Return at most ``size`` bytes; none at the end."""
        ...


def stream_blocks(stream: Readable) -> Iterator[bytes]:
    """Yield the stream in blocks of whole lines, each with its line feed; overlong lines are cut."""
    rest = b""
    for chunk in _chunks(stream):
        end = chunk.rfind(b"\n") + 1
        if not end:
            rest = (rest + chunk[:LONGEST_LINE])[:LONGEST_LINE]
            continue
        begin = chunk.find(b"\n") if len(rest) == LONGEST_LINE else 0
        yield rest + chunk[begin:end]
        rest = chunk[end : end + LONGEST_LINE]
    if rest:
        yield rest + b"\n"


def _chunks(stream: Readable) -> Iterator[bytes]:
    """Yield the stream in chunks, converting UTF-16 to UTF-8: PowerShell's ``>`` writes UTF-16 with a byte order
    mark."""
    chunk = stream.read(BLOCK)
    wide = (chunk[:2] == codecs.BOM_UTF16_LE and chunk[3:4] == b"\0") or (
        chunk[:2] == codecs.BOM_UTF16_BE and chunk[2:3] == b"\0"
    )
    decoder = codecs.getincrementaldecoder("utf-16")("replace") if wide else None
    while chunk:
        yield decoder.decode(chunk).encode("utf-8", "replace") if decoder else chunk
        chunk = stream.read(BLOCK)


def line_blocks(lines: Iterable[str]) -> Iterator[bytes]:
    """Yield blocks of lines that are already decoded; each is one line, whatever its line ending."""
    held: list[str] = []
    size = 0
    for line in lines:
        line = line.rstrip("\r\n")[:LONGEST_LINE]
        held.append(line)
        size += len(line) + 1
        if size >= BLOCK:
            yield _joined_lines(held)
            held, size = [], 0
    if held:
        yield _joined_lines(held)


def _joined_lines(lines: list[str]) -> bytes:
    return ("\n".join(lines) + "\n").encode("utf-8", "replace")


def all_lines(blocks: Iterable[bytes]) -> LogLines:
    """Yield every non-blank line of a log, cleaned, with CMake's wrapped messages joined."""
    return LogLines(blocks, _ANY)


class LogLines:
    """Number (from 1) and cleaned text of the log lines that match ``wanted``, and of a few others.

    A CMake error, which CMake wraps at 80 columns within sentences (cmake(1) has no option to turn that off), is
    joined to one line with the number of its first; so is an error of configure that begins on a later line.
    """

    def __init__(self, blocks: Iterable[bytes], wanted: re.Pattern[bytes]) -> None:
        self._blocks = blocks
        self._search = wanted.search
        self._message = _Message()
        self._remembered: dict[bytes, tuple[_Text, ...]] = {}
        self._earlier = self._block = b""
        self._reached = self._line = 0

    def __iter__(self) -> Iterator[tuple[int, str]]:
        number = 1
        for raw_block in self._blocks:
            self._earlier = (self._earlier + self._block)[-RECENT:]
            self._block = block = without_escapes(raw_block)
            yield from self._of_block(block, number)
            number += block.count(b"\n")
            self._reached, self._line = len(block), number - 1
        yield from self._message.end()

    def recent(self, wanted: re.Pattern[bytes], since: int) -> Iterator[tuple[int, str]]:
        """Yield the lines that match another pattern, after line ``since`` up to the last one read.

        Go back at most RECENT bytes, so that the cost of a call does not depend on the log.
        """
        if self._line <= since:
            return
        read = self._block[max(0, self._reached - RECENT) : self._reached]
        if len(read) < RECENT:
            read = self._earlier[len(read) - RECENT :] + read
        lines = read.rsplit(b"\n", self._line - since + 1)[:-1]
        if len(read) == RECENT or len(lines) > self._line - since:  # the first is cut, or was seen before
            del lines[0]
        for number, text in LogLines([b"\n".join([*lines, b""])], wanted):
            yield self._line - len(lines) + number, text

    def last(self, count: int) -> list[str]:
        """Return the last lines read so far, at most ``count``, without blank ones."""
        return [text for _, text in self.recent(_ANY, max(0, self._line - count))]

    def _of_block(self, block: bytes, number: int) -> Iterator[tuple[int, str]]:
        search, message, remembered = self._search, self._message, self._remembered
        position = counted = 0
        within = message.open
        while position < len(block):
            found = search(block, position)
            if within:
                start = position
            elif found:
                start = block.rfind(b"\n", position, found.start()) + 1 or position
            else:
                return
            end = block.find(b"\n", start)
            number += block.count(b"\n", counted, start)
            counted = start
            position = end + 1
            self._reached, self._line = position, number
            raw = block[start:end]
            texts = remembered.get(raw) or self._texts(raw)
            if not within and len(texts) == 1 and not texts[0][1].startswith(WRAPPED):
                if texts[0][1]:
                    yield number, texts[0][1]
                continue
            wanted = found is not None and found.start() <= end
            for indent, text in texts:
                if indent == _OVERPRINTED:
                    yield number, text
                else:
                    yield from message.feed(number, indent, text, wanted)
            within = message.open

    def _texts(self, raw: bytes) -> tuple[_Text, ...]:
        texts: tuple[_Text, ...]
        line = raw.decode("utf-8", "replace")
        if b"\r" in raw or b"\\n" in raw:
            *hidden, shown = line.rstrip("\r").split("\r")
            under = [(_OVERPRINTED, text) for part in hidden if (text := clean(part).strip())]
            texts = (*under, *map(_measured, printed_lines(shown)))
        else:
            texts = (_measured(line),)
        if len(raw) <= _REMEMBERED_LENGTH:
            if len(self._remembered) >= _REMEMBERED:
                self._remembered.clear()
            self._remembered[raw] = texts
        return texts


def _measured(raw: str) -> _Text:
    line = clean(raw)
    text = line.lstrip()
    return len(line) - len(text), text


class _Message:
    """Join the lines of a message that CMake wrapped, or that AC_MSG_ERROR begins on a later line; pass other lines
    through."""

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._number = self._depth = 0

    @property
    def open(self) -> bool:
        """Return whether the next line may continue a message."""
        return bool(self._parts)

    def feed(self, number: int, indent: int, text: str, wanted: bool) -> Iterator[tuple[int, str]]:
        """Take a line, and yield what is complete by now; of lines outside messages, only ``wanted`` ones."""
        if self._parts:
            begins_below = self._parts[0] == _CONFIGURE_ERROR and not any(self._parts[1:])
            if (not text or indent > self._depth or begins_below) and len(self._parts) < _WRAPPED_LINES:
                self._parts.append(text)
                return
            yield from self.end()
        if text.startswith(WRAPPED) and (text == _CONFIGURE_ERROR or _CMAKE_ERROR.match(text)):
            self._parts, self._number, self._depth = [text], number, indent
        elif text and wanted:
            yield number, text

    def end(self) -> Iterator[tuple[int, str]]:
        """Return the unfinished message at the end of the log."""
        if self._parts:
            yield self._number, " ".join(" ".join(self._parts).split())[:MAXIMUM_LENGTH]
            self._parts = []
