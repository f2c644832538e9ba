"""Serve an index over HTTP: translate requests into questions to a source, and answers into responses (ASGI).

Pages are rendered once for each revision of a listing, and then sent as bytes. Files are sent by the server itself
where it offers that (``http.response.pathsend``).
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from typing import Protocol
from urllib.parse import quote

from packaging.utils import canonicalize_name

from accel_doctor.index.rendering import Form, Rendered, index_page, project_page, rendered
from accel_doctor.index.serving.file_response import respond_with
from accel_doctor.index.serving.index_source import Absent, FileRequest, Source, Unavailable
from accel_doctor.index.serving.requests_and_responses import (
    Receive,
    Request,
    Scope,
    Send,
    form_of,
    respond,
    respond_text,
)
from accel_doctor.index.serving.upload_requests import UploadHandler
from accel_doctor.model.releases import Listing

_MAX_AGE = "max-age=1"  # so short that what is published is soon seen through several levels
_MOST_BYTES = 128 << 20  # of pages in memory
_LONGEST_NAME = 100

_Key = tuple[str, str, Form, bool]  # of a page: project, revision, form, compressed


class Mounts(Protocol):
    """Say what is served where."""

    vary: str  # headers that decide what is served, beside those that decide its form

    def source_at(self, prefix: str, user_agent: str) -> Source | None:
        """Return what is served below a prefix: ``""``, ``debian-13``."""
        ...


class IndexApplication:
    """Serve sources: each below its prefix, at ``/PREFIX/simple/``. Take uploads at ``/legacy/``."""

    def __init__(self, mounts: Mounts, uploads: UploadHandler) -> None:
        self._mounts = mounts
        self._uploads = uploads
        self._pages: OrderedDict[_Key, Rendered] = OrderedDict()
        self._rendering: dict[_Key, asyncio.Task[Rendered]] = {}
        self._size = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; only the protocol's own events besides are accepted."""
        if scope["type"] != "http":
            return
        request = Request.of(scope)
        if request.method == "POST" and request.path.rstrip("/") == "/legacy":
            await self._uploads.respond(request, receive, send)
            return
        if request.method not in ("GET", "HEAD"):
            await respond_text(send, request, 405, "method not allowed", {b"allow": b"GET, HEAD"})
            return
        await self._route(request, send)

    async def _route(self, request: Request, send: Send) -> None:
        parts = request.path.split("/")[1:]
        prefix = "" if parts[0] in ("simple", "files") else parts.pop(0)
        source = self._mounts.source_at(prefix, request.headers.get(b"user-agent", ""))
        match parts:
            case ["simple", *rest] if source:
                await self._simple(source, rest, request, send)
            case ["files", project, key, filename] if source:
                await self._file(source, FileRequest(project, key, filename), request, send)
            case [] if not prefix:
                await self._redirect("/simple/", request, send)
            case [] | [""] if _is_name(prefix):
                await self._redirect(f"/simple/{canonicalize_name(prefix)}/", request, send)
            case _:
                await respond_text(send, request, 404, "not found")

    async def _simple(self, source: Source, rest: list[str], request: Request, send: Send) -> None:
        prefix = request.path.partition("/simple")[0]
        match rest:
            case [""]:
                names = await source.names()
                form = form_of(request)
                page = await asyncio.to_thread(rendered, index_page(names, form), compressed=request.takes_gzip)
                await self._send_page(page, form, request, send)
            case []:
                await self._redirect(f"{prefix}/simple/", request, send)
            case [project, ""] if project == canonicalize_name(project) and _is_name(project):
                await self._project(source, project, request, send)
            case [project] | [project, ""] if _is_name(project):
                await self._redirect(f"{prefix}/simple/{canonicalize_name(project)}/", request, send)
            case _:
                await respond_text(send, request, 404, "not found")

    async def _project(self, source: Source, name: str, request: Request, send: Send) -> None:
        found = await source.project(name)
        if not isinstance(found, Listing):
            await self._refuse(found, request, send)
            return
        form, compressed = form_of(request), request.takes_gzip
        key = (name, found.revision, form, compressed)
        await self._send_page(await self._rendered(key, found), form, request, send)

    async def _rendered(self, key: _Key, listing: Listing) -> Rendered:
        """Return a page, rendered once however many ask."""
        if key in self._pages:
            self._pages.move_to_end(key)
            return self._pages[key]
        if key not in self._rendering:
            name, _, form, compressed = key

            def render() -> Rendered:
                return rendered(project_page(name, listing, form), compressed=compressed)

            self._rendering[key] = asyncio.create_task(asyncio.to_thread(render))
            self._rendering[key].add_done_callback(lambda _: self._rendering.pop(key, None))
        page = await asyncio.shield(self._rendering[key])
        self._remember(key, page)
        return page

    async def _file(self, source: Source, wanted: FileRequest, request: Request, send: Send) -> None:
        if wanted.filename.endswith(".metadata"):
            filename = wanted.filename.removesuffix(".metadata")
            wanted = FileRequest(wanted.project, wanted.key, filename, metadata=True)
        if not _is_name(wanted.project) or wanted.project != canonicalize_name(wanted.project):
            await respond_text(send, request, 404, "not found")
            return
        found = await source.file(wanted)
        if isinstance(found, Absent | Unavailable):
            await self._refuse(found, request, send)
        elif isinstance(refused := await respond_with(found, wanted, request, send), Absent | Unavailable):
            await self._refuse(refused, request, send)

    async def _send_page(self, page: Rendered, form: Form, request: Request, send: Send) -> None:
        headers = {
            b"content-type": form.value.encode(),
            b"etag": page.etag.encode(),
            b"cache-control": _MAX_AGE.encode(),
            b"vary": f"Accept, Accept-Encoding{self._mounts.vary}".encode(),
        }
        if request.has_etag(page.etag):
            await respond(send, request, 304, b"", headers)
            return
        if request.takes_gzip:
            headers[b"content-encoding"] = b"gzip"
        await respond(send, request, 200, page.content, headers)

    async def _refuse(self, why: Absent | Unavailable, request: Request, send: Send) -> None:
        match why:
            case Absent():
                await respond_text(send, request, 404, why.reason)
            case Unavailable():
                await respond_text(send, request, 502, why.reason, {b"retry-after": b"5"})

    async def _redirect(self, path: str, request: Request, send: Send) -> None:
        target = quote(path)
        query = f"?{request.query}" if request.query and request.query.isascii() and request.query.isprintable() else ""
        await respond_text(send, request, 301, target, {b"location": (target + query).encode()})

    def _remember(self, key: _Key, page: Rendered) -> None:
        if key not in self._pages:
            self._pages[key] = page
            self._size += len(page.content)
        while self._size > _MOST_BYTES and len(self._pages) > 1:
            self._size -= len(self._pages.popitem(last=False)[1].content)


def _is_name(text: str) -> bool:
    return (
        len(text) <= _LONGEST_NAME
        and text.isascii()
        and text.replace("-", "").replace("_", "").replace(".", "").isalnum()
    )
