"""Read RPM repositories' ``primary.xml`` (provides and requires) and ``filelists.xml`` (files), as createrepo_c
writes them. The ``primary.xml`` of a source repository, which has build dependencies, is accepted too."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import IO
from xml.parsers import expat

from accel_doctor.fileindex.contents import Collection

_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._+-]{0,199}")
_CAPABILITY = re.compile(r"(?:pkgconfig|cmake)\([^()]{1,200}\)")
# A longer text in one element is not a name or path.
_LONGEST_TEXT = 8192


def read_primary(stream: IO[bytes], collection: Collection) -> None:
    """Record provides, requires, and which packages are development packages. Raises ValueError for malformed XML."""
    provided: list[str] = []
    required: list[str] = []
    texts: dict[str, str] = {}
    lists = {"rpm:provides": provided, "rpm:requires": required}
    current: list[str] | None = None

    def start(tag: str, attributes: dict[str, str]) -> None:
        nonlocal current
        if tag in lists:
            current = lists[tag]
        elif tag == "rpm:entry" and current is not None:
            current.append(attributes.get("name", ""))

    def end(tag: str, text: str) -> None:
        nonlocal current
        if tag in lists:
            current = None
        elif tag in ("name", "arch", "rpm:group"):
            texts.setdefault(tag, text)
        elif tag == "package":
            _take(texts, provided, required, collection)
            texts.clear()
            provided.clear()
            required.clear()

    _parse(stream, start, end)


def _take(texts: dict[str, str], provided: list[str], required: list[str], collection: Collection) -> None:
    name = texts.get("name", "")
    if not _NAME.fullmatch(name):
        return
    wanted = {item for item in required if _NAME.fullmatch(item) or _CAPABILITY.fullmatch(item)}
    collection.use(wanted)
    if texts.get("arch") == "src":
        return
    collection.depends[name] = tuple(sorted(wanted))
    for capability in provided:
        if _CAPABILITY.fullmatch(capability):
            collection.provides.setdefault(capability, set()).add(name)
    if name.endswith(("-devel", "-static")) or texts.get("rpm:group", "").startswith("Development"):
        collection.development.add(name)


def read_filelists(stream: IO[bytes], collection: Collection) -> None:
    """Add the files of all binary packages. Raises ValueError for malformed XML."""
    package = ""
    is_file = False

    def start(tag: str, attributes: dict[str, str]) -> None:
        nonlocal package, is_file
        if tag == "package":
            name = attributes.get("name", "")
            package = name if _NAME.fullmatch(name) and attributes.get("arch") != "src" else ""
        elif tag == "file":
            is_file = attributes.get("type", "file") == "file"

    def end(tag: str, text: str) -> None:
        if tag == "file" and package and is_file:
            collection.add(text.lstrip("/"), (package,))

    _parse(stream, start, end)


def _parse(stream: IO[bytes], start: Callable[[str, dict[str, str]], None], end: Callable[[str, str], None]) -> None:
    pieces: list[str] = []
    size = 0

    def opened(tag: str, attributes: dict[str, str]) -> None:
        nonlocal size
        pieces.clear()
        size = 0
        start(tag, attributes)

    def closed(tag: str) -> None:
        end(tag, "".join(pieces).strip())

    def text(piece: str) -> None:
        nonlocal size
        size += len(piece)
        if size <= _LONGEST_TEXT:
            pieces.append(piece)

    def refuse(*_: object) -> None:
        # Repository metadata has no DTD; one could only serve an entity expansion attack.
        raise ValueError("a document type declaration, which repository metadata does not have")

    parser = expat.ParserCreate()
    parser.StartElementHandler, parser.EndElementHandler = opened, closed
    parser.CharacterDataHandler, parser.StartDoctypeDeclHandler = text, refuse
    try:
        while chunk := stream.read(1 << 16):
            parser.Parse(chunk, False)
        parser.Parse(b"", True)
    except expat.ExpatError as error:
        raise ValueError(str(error)) from error
