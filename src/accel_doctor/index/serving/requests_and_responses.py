"""Read requests and write responses of ASGI: what an index needs of HTTP, and no more."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs

from accel_doctor.index.rendering import Form
from accel_doctor.wording import printable

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]


@dataclass(frozen=True)
class Request:
    """Hold one request without a body."""

    method: str
    path: str
    query: str
    headers: Mapping[bytes, str]
    sends_paths: bool  # the server sends files by itself

    @classmethod
    def of(cls, scope: Scope) -> Request:
        """Return the request that a scope of ASGI describes."""
        headers: dict[bytes, str] = {}
        for name, value in scope["headers"]:
            text = value.decode("latin-1")
            headers[name.lower()] = f"{headers[name.lower()]}, {text}" if name.lower() in headers else text
        extensions = scope.get("extensions") or {}
        query = scope["query_string"].decode("latin-1")
        return cls(scope["method"], scope["path"], query, headers, "http.response.pathsend" in extensions)

    @property
    def takes_gzip(self) -> bool:
        """Return whether the client accepts gzip."""
        weights = _weights(self.headers.get(b"accept-encoding", ""))
        return weights.get("gzip", weights.get("*", 0.0)) > 0

    def has_etag(self, etag: str) -> bool:
        """Return whether the client has what this ETag stands for."""
        given = self.headers.get(b"if-none-match", "")
        return given.strip() == "*" or etag in {one.strip().removeprefix("W/") for one in given.split(",")}


def form_of(request: Request) -> Form:
    """Return the form of a page that a client prefers (PEP 691): HTML unless it asks for another."""
    asked = parse_qs(request.query).get("format", [])
    weights = {asked[0].replace(" ", "+"): 1.0} if asked else _weights(request.headers.get(b"accept", ""))
    anything = weights.get("*/*", 0.0)
    ranked = {
        Form.TEXT_HTML: weights.get("text/html", anything),
        Form.JSON: max(weights.get(name, 0.0) for name in _JSON),
        Form.HTML: max(weights.get(name, 0.0) for name in _HTML),
    }
    best = max(ranked.values())
    order = (Form.JSON, Form.HTML, Form.TEXT_HTML) if best > anything else (Form.TEXT_HTML, Form.JSON, Form.HTML)
    return next(form for form in order if ranked[form] == best)


async def respond(send: Send, request: Request, status: int, content: bytes, headers: Mapping[bytes, bytes]) -> None:
    """Send a whole response; none of its content for HEAD and 304."""
    length = {} if status == 304 else {b"content-length": str(len(content)).encode()}
    await send({"type": "http.response.start", "status": status, "headers": [*headers.items(), *length.items()]})
    await send({"type": "http.response.body", "body": b"" if request.method == "HEAD" else content})


async def respond_text(
    send: Send, request: Request, status: int, text: str, headers: Mapping[bytes, bytes] | None = None
) -> None:
    """Send a line for people."""
    content = f"{printable(text)}\n".encode("utf-8", "replace")
    await respond(send, request, status, content, {b"content-type": b"text/plain; charset=utf-8", **(headers or {})})


_JSON = (Form.JSON.value, "application/vnd.pypi.simple.latest+json")
_HTML = (Form.HTML.value, "application/vnd.pypi.simple.latest+html")


def _weights(header: str) -> dict[str, float]:
    """Return what an Accept header lists, and how much each is wanted."""
    found = {}
    for part in header.split(",")[:50]:
        name, *parameters = (piece.strip().lower() for piece in part.split(";"))
        weight = next((one[2:] for one in parameters if one.startswith("q=")), "1")
        try:
            found[name] = min(max(float(weight), 0.0), 1.0)
        except ValueError:
            found[name] = 0.0
    return found
