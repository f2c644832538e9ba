"""Ask for a token before anything of an index is read."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from packaging.utils import canonicalize_name

from accel_doctor.index.serving.http_application import IndexApplication
from accel_doctor.index.serving.requests_and_responses import Receive, Request, Scope, Send, respond_text
from accel_doctor.index.serving.tokens import Token, Tokens

_FRESH = 1.0  # seconds for which a token is believed without looking
_MOST_KEPT = 1000
_WANTED = {b"www-authenticate": b'Basic realm="accel-doctor"'}


class Guarded:
    """Guard an application whose pages and files only holders of tokens get, each the projects that the token is
    for."""

    def __init__(self, application: IndexApplication, tokens: Tokens, clock: Callable[[], float]) -> None:
        self._application = application
        self._tokens = tokens
        self._clock = clock
        self._kept: dict[str, tuple[float, Token]] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request.of(scope)
        if request.method in ("GET", "HEAD"):
            token = await self._holder(request.headers.get(b"authorization", ""))
            if token is None:
                await respond_text(send, request, 401, "no valid token for this index", _WANTED)
                return
            project = _project_in(request.path)
            if project and not token.covers(project):
                await respond_text(send, request, 403, f"this token is not for {project}")
                return
        await self._application(scope, receive, send)

    async def _holder(self, authorization: str) -> Token | None:
        until, token = self._kept.get(authorization, (0.0, None))
        if token is not None and self._clock() < until:
            return token
        token = await asyncio.to_thread(self._tokens.holder, authorization)
        if token is not None:
            if len(self._kept) >= _MOST_KEPT:
                self._kept.clear()
            self._kept[authorization] = self._clock() + _FRESH, token
        return token


def _project_in(path: str) -> str | None:
    """Return the project that a path is of, as the application reads it; None for the list of all."""
    parts = path.split("/")[1:]
    below = parts[1:] if parts[0] in ("simple", "files") else parts[2:]
    return canonicalize_name(below[0]) if below and below[0] else None
