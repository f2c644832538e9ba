"""How requirement files are read, and their bytes decoded."""

from __future__ import annotations

import codecs
import re
from typing import Protocol

from accel_doctor.errors import UsageError

SIZE_LIMIT = 16 << 20  # bytes of one file; ten thousand hashed requirements are about 2 MB

# UTF-32 before UTF-16: BOM_UTF16_LE is how BOM_UTF32_LE begins.
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
VARIABLE = re.compile(r"\$\{([A-Z0-9_]+)\}")  # filled in from the environment
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


def read_text(files: Files, location: str, kind: str) -> str:
    """Return the text of a requirements or constraints file. Raises UsageError where it cannot be read."""
    try:
        content = files.read(location)
    except OSError as error:
        raise UsageError(f"Could not open {kind} file: {error}") from error
    if len(content) > SIZE_LIMIT:
        raise UsageError(f"{location}: too large for a {kind} file: more than {SIZE_LIMIT} bytes")
    try:
        return _decode(content)
    except (UnicodeDecodeError, LookupError) as error:
        raise UsageError(
            f"{location}: cannot decode as text: {error}",
            hint="name the encoding in the first line: # -*- coding: latin-1 -*-",
        ) from error


def _decode(content: bytes) -> str:
    for mark, encoding in _MARKS:
        if content.startswith(mark):
            return content[len(mark) :].decode(encoding)
    for line in content.split(b"\n", 2)[:2]:
        if line.startswith(b"#") and (named := _CODING.search(line)):
            return content.decode(named[1].decode("ascii"))
    return content.decode("utf-8")
