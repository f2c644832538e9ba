"""Answer uploads: the legacy API of PyPI, which twine, uv, flit, poetry and pdm speak."""

from __future__ import annotations

import asyncio
import os
import sqlite3
from typing import BinaryIO, NamedTuple

from accel_doctor.index.bounded_reading import RefusedError
from accel_doctor.index.serving.file_store import FileStore
from accel_doctor.index.serving.multipart_forms import ReceivedForm
from accel_doctor.index.serving.private_packages import Conflict, HostedSource
from accel_doctor.index.serving.requests_and_responses import Receive, Request, Send, respond_text
from accel_doctor.index.serving.tokens import Token, Tokens
from accel_doctor.index.uploads import FORM_FIELDS, Refused, Upload, check_upload, named_project

_FORM = 16 << 20  # bytes that a form may have beside its file


class Answer(NamedTuple):
    """Say what a client is told."""

    status: int
    text: str


_WHO_ARE_YOU = Answer(401, "no valid token: upload with the user __token__ and a token of this index as password")


class UploadHandler:
    """Receive files of at most ``most_bytes`` from holders of tokens."""

    def __init__(self, hosted: HostedSource, tokens: Tokens, store: FileStore, most_bytes: int) -> None:
        self._hosted = hosted
        self._tokens = tokens
        self._store = store
        self._most_bytes = most_bytes

    async def respond(self, request: Request, receive: Receive, send: Send) -> None:
        """Answer a POST. The body is read to its end, so that the client reads the answer."""
        body = _Body(receive, self._most_bytes + _FORM)
        token = await asyncio.to_thread(self._tokens.holder, request.headers.get(b"authorization", ""))
        try:
            answer = await self._upload(token, request, body) if token else _WHO_ARE_YOU
        except RefusedError as error:
            answer = Answer(400, str(error))
        except (OSError, sqlite3.Error) as error:
            answer = Answer(503, f"cannot store this file: {error}")
        while await body.next():
            pass
        if body.is_too_large:
            answer = Answer(413, f"more than {self._most_bytes} bytes")
        headers = {b"www-authenticate": b'Basic realm="accel-doctor"'} if answer.status == 401 else {}
        await respond_text(send, request, answer.status, answer.text, headers)

    async def _upload(self, token: Token, request: Request, body: _Body) -> Answer:
        with self._store.scratch() as place:
            path = place / "upload"
            with path.open("xb") as target:
                form = ReceivedForm(request.headers.get(b"content-type", ""), target, FORM_FIELDS)
                while piece := await body.next():
                    await asyncio.to_thread(form.feed, piece)
                filename = form.finish()
                await asyncio.to_thread(_synchronize, target)
            return await asyncio.to_thread(self._publish, token, Upload(form.fields, filename, path))

    def _publish(self, token: Token, upload: Upload) -> Answer:
        project = named_project(upload.fields)
        if isinstance(project, Refused):
            return Answer(400, project.reason)
        if not token.publishes:
            return Answer(403, "this token is for reading only")
        if not token.covers(project):
            return Answer(403, f"this token is not for {project}, but for {' '.join(token.projects)}")
        checked = check_upload(upload)
        if isinstance(checked, Refused):
            return Answer(400, checked.reason)
        conflict = self._hosted.publish(checked, upload.path, token.identifier)
        if isinstance(conflict, Conflict):
            return Answer(409, conflict.reason)
        return Answer(200, f"published {checked.filename}")


class _Body:
    """Read the body of a request, piece by piece; beyond ``most`` bytes it ends."""

    def __init__(self, receive: Receive, most: int) -> None:
        self._receive = receive
        self._left = most
        self._ended = False
        self.is_too_large = False

    async def next(self) -> bytes:
        """Return the next bytes; none at the end."""
        while not self._ended:
            message = await self._receive()
            self._ended = message["type"] != "http.request" or not message.get("more_body", False)
            piece: bytes = message.get("body", b"")
            self._left -= len(piece)
            if self._left < 0:
                self._ended = self.is_too_large = True
                return b""
            if piece:
                return piece
        return b""


def _synchronize(target: BinaryIO) -> None:
    target.flush()
    os.fsync(target.fileno())
