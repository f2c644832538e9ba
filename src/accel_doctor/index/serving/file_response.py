"""Send files: whole or in parts (Range), or not at all where the client has them (ETag)."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass
from pathlib import Path

from accel_doctor.index.serving.index_source import (
    Absent,
    ArrivingFile,
    FileRequest,
    StoredFile,
    Unavailable,
)
from accel_doctor.index.serving.requests_and_responses import Request, Send, respond

_RANGE = re.compile(r"bytes=([0-9]{0,18})-([0-9]{0,18})")
_BLOCK = 256 << 10
_FOR_EVER = b"max-age=31536000, immutable"


@dataclass(frozen=True)
class _Part:
    start: int
    end: int  # exclusive


async def respond_with(
    file: StoredFile | ArrivingFile, wanted: FileRequest, request: Request, send: Send
) -> Absent | Unavailable | None:
    """Send a file; return why there is none, if nothing was sent."""
    if not isinstance(file, StoredFile):
        if request.method == "GET" and b"range" not in request.headers:
            return await _pass_on(file, wanted, request, send)
        stored = await file.stored()  # parts may be any
        if not isinstance(stored, StoredFile):
            return stored
        file = stored
    await _respond_stored(file, wanted, request, send)
    return None


async def _pass_on(
    file: ArrivingFile, wanted: FileRequest, request: Request, send: Send
) -> Absent | Unavailable | None:
    if trouble := await file.started():
        return trouble
    headers = _headers(wanted, file.key)
    if file.size is not None:
        headers[b"content-length"] = str(file.size).encode()
    await send({"type": "http.response.start", "status": 200, "headers": list(headers.items())})
    async for block in file.blocks():  # an error here cuts the connection: the client must not take it for whole
        await send({"type": "http.response.body", "body": block, "more_body": True})
    await send({"type": "http.response.body", "body": b""})
    return None


async def _respond_stored(file: StoredFile, wanted: FileRequest, request: Request, send: Send) -> None:
    headers = _headers(wanted, file.key)
    if request.has_etag(headers[b"etag"].decode()):
        await respond(send, request, 304, b"", headers)
        return
    part = _part_of(request, file, headers[b"etag"].decode())
    if part is not None and part.start >= part.end:
        await respond(send, request, 416, b"", {**headers, b"content-range": f"bytes */{file.size}".encode()})
        return
    status, first, end = (200, 0, file.size) if part is None else (206, part.start, part.end)
    headers[b"content-length"] = str(end - first).encode()
    if part is not None:
        headers[b"content-range"] = f"bytes {first}-{end - 1}/{file.size}".encode()
    await send({"type": "http.response.start", "status": status, "headers": list(headers.items())})
    if request.method == "HEAD":
        await send({"type": "http.response.body", "body": b""})
    elif part is None and request.sends_paths:
        await send({"type": "http.response.pathsend", "path": str(file.path)})
    else:
        await _send_part(file.path, first, end, send)


async def _send_part(path: Path, first: int, end: int, send: Send) -> None:
    with path.open("rb") as reading:
        reading.seek(first)
        left = end - first
        while left > 0:
            block = await asyncio.to_thread(reading.read, min(left, _BLOCK))
            left = left - len(block) if block else 0
            await send({"type": "http.response.body", "body": block, "more_body": True})
    await send({"type": "http.response.body", "body": b""})


def _headers(wanted: FileRequest, key: str) -> dict[bytes, bytes]:
    kind = b"text/plain; charset=utf-8" if wanted.metadata else b"application/octet-stream"
    return {
        b"content-type": kind,
        b"etag": f'"{key}"'.encode(),
        b"accept-ranges": b"bytes",
        b"cache-control": _FOR_EVER,
        b"x-content-type-options": b"nosniff",
    }


def _part_of(request: Request, file: StoredFile, etag: str) -> _Part | None:
    """Return the part that is asked for, an empty one if there is no such; None for the whole file."""
    found = _RANGE.fullmatch(request.headers.get(b"range", "").replace(" ", ""))
    if found is None or request.headers.get(b"if-range", etag) != etag:
        return None
    first, last = found[1], found[2]
    if not first:
        return _Part(max(file.size - int(last), 0), file.size) if last else None
    return _Part(int(first), min(int(last) + 1, file.size) if last else file.size)
