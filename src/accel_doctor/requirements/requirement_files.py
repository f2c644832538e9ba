"""Read requirement files, and follow ``-r`` and ``-c`` lines from one into others."""

from __future__ import annotations

import codecs
import posixpath
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Protocol
from urllib.parse import urljoin

from accel_doctor.errors import UsageError
from accel_doctor.model.machine import Invocation
from accel_doctor.requirements.lines import Line, parse_lines
from accel_doctor.requirements.other_files import hint_for, is_lock, other_file

SIZE_LIMIT = 16 << 20  # bytes of one file; ten thousand hashed requirements are about 2 MB

# UTF-32 before UTF-16: BOM_UTF32_LE begins with BOM_UTF16_LE.
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
DEPTH_LIMIT = 50
LINES_LIMIT = 200_000

# Looked for where a file is missing.
_USUAL = ("requirements.txt", "requirements.in", "requirements-dev.txt", "requirements/base.txt", "constraints.txt")

_URL = re.compile(r"(http|https|file):", re.IGNORECASE)
_CODING = re.compile(rb"coding[:=]\s*([-\w.]+)")  # PEP 263


class Files(Protocol):
    """Read access to paths and URLs."""

    def read(self, location: str) -> bytes:
        """Return the content of a path or URL. Raises OSError."""
        ...

    def is_directory(self, path: str) -> bool:
        """Return whether a path is a directory."""
        ...

    def is_file(self, path: str) -> bool:
        """Return whether a path is a file."""
        ...


class UnreadableError(UsageError):
    """A file that cannot be read, is of another kind, or is not there."""


def read_text(files: Files, location: str, kind: str, shown: str) -> str:
    """Return the text of a requirements or constraints file. Raises UnreadableError if it cannot be read."""
    try:
        content = files.read(location)
    except FileNotFoundError as error:
        raise UnreadableError(f"{kind} file not found: {shown}", hint=_there_is(files, location)) from error
    except IsADirectoryError as error:
        hint = f"to install a project from its directory: accel-doctor install ./{shown}"
        raise UnreadableError(f"{shown} is a directory, not a {kind} file", hint=hint) from error
    except OSError as error:
        what = f" {shown}: {error.strerror.lower()}" if error.strerror and error.filename else f": {error}"
        step = "check the URL and the network" if _URL.match(location) else None
        raise UnreadableError(f"cannot read the {kind} file{what}", hint=step) from error
    if len(content) > SIZE_LIMIT:
        raise UnreadableError(f"{location}: too large for a {kind} file: more than {SIZE_LIMIT} bytes")
    try:
        text = _decode(content)
    except (UnicodeDecodeError, LookupError) as error:
        if b"\0" in content:
            raise UnreadableError(f"{shown} is not a text file") from error
        raise UnreadableError(
            f"{shown}: cannot decode as text: {error}",
            hint="name the encoding in the first line: # -*- coding: latin-1 -*-",
        ) from error
    return text


def _there_is(files: Files, location: str) -> str | None:
    directory = posixpath.dirname(location)
    found = (name for name in _USUAL if files.is_file(f"{directory}/{name}"))
    return next((f"there is {name}" for name in found), None)


def _decode(content: bytes) -> str:
    for mark, encoding in _MARKS:
        if content.startswith(mark):
            return content[len(mark) :].decode(encoding)
    for line in content.split(b"\n", 2)[:2]:
        if line.startswith(b"#") and (named := _CODING.search(line)):
            return content.decode(named[1].decode("ascii"))
    return content.decode("utf-8")


class NestedReader:
    """Read requirement files and those they include; the limit on lines applies to all of them together."""

    def __init__(self, files: Files, invocation: Invocation) -> None:
        self._files = files
        self._invocation = invocation
        self._lines = 0

    def read(self, location: str, *, constraint: bool) -> Iterator[Line]:
        """Yield all lines of ``location`` and of the files it includes, in reading order, without ``-r`` and ``-c``.

        Raises UsageError for a file that cannot be read, includes itself, or nests deeper than ``DEPTH_LIMIT``.
        """
        location = self._invocation.expand(location)
        if not _URL.match(location):
            location = self._invocation.absolute(location)
        yield from self._follow(location, constraint, (location,))

    def _follow(self, location: str, constraint: bool, path: tuple[str, ...]) -> Iterator[Line]:
        shown = self._shown(location)
        text = read_text(self._files, location, "constraints" if constraint else "requirements", shown)
        _refuse_other_formats(location, shown)
        for line in parse_lines(text, self._shown(location), self._invocation.variables):
            self._lines += 1
            if self._lines > LINES_LIMIT:
                raise UsageError(f"{line.origin}: more than {LINES_LIMIT} lines of requirements")
            nested = _nested_file(line)
            if nested is None:
                yield replace(line, location=location, constraint=constraint)
                continue
            name, nested_constraint = nested
            if line.for_all_lines.options:
                yield line.for_all_lines
            target = _relative_to(location, name)
            if target in path:
                raise UsageError(f"{line.origin}: {name} recursively references itself in {self._shown(location)}")
            if len(path) >= DEPTH_LIMIT:
                raise UsageError(f"{line.origin}: requirement files nest deeper than {DEPTH_LIMIT} levels")
            try:
                yield from self._follow(target, nested_constraint, (*path, target))
            except UnreadableError as error:
                raise UsageError(f"{line.origin}: {error.message}", hint=error.hint) from error

    def _shown(self, location: str) -> str:
        """Return the location relative to the working directory, for messages."""
        prefix = f"{self._invocation.directory}/"
        return location[len(prefix) :] if location.startswith(prefix) else location


def _nested_file(line: Line) -> tuple[str, bool] | None:
    # pip follows the first -r or -c of a line without a requirement, and ignores them beside one.
    if line.requirement or line.values("editable"):
        return None
    for option in ("requirement", "constraint"):
        if named := line.values(option):
            return named[0], option == "constraint"
    return None


def _relative_to(location: str, name: str) -> str:
    if _URL.match(location):
        return urljoin(location, name)
    if _URL.match(name):
        return name
    return posixpath.normpath(posixpath.join(posixpath.dirname(location), name))


def _refuse_other_formats(location: str, shown: str) -> None:
    if is_lock(location):
        raise UnreadableError(
            f"{shown} is a lock file, which a requirements file cannot include",
            hint=f"accel-doctor install -r {shown}",
        )
    if kind := other_file(location):
        raise UnreadableError(f"{shown} is {kind.what}, not a requirements file", hint=hint_for(shown))
