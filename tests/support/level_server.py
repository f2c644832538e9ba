"""A web server on loopback that serves bytes by path, and misbehaves where it is told to."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from local_server import serving

Behaviour = Callable[["Handler"], None]


class LevelServer(ThreadingHTTPServer):
    """``behaviours`` are tried in turn, the last one stays; without any, ``objects`` are served."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.objects: dict[str, bytes] = {}
        self.behaviours: list[Behaviour] = []
        self.seen: list[tuple[str, str | None]] = []  # path, Authorization
        self.ended = threading.Event()
        self._turn = threading.Lock()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def next_behaviour(self) -> Behaviour:
        with self._turn:
            if len(self.behaviours) > 1:
                return self.behaviours.pop(0)
            return self.behaviours[0] if self.behaviours else serve

    def handle_error(self, request: object, client_address: object) -> None:
        """Clients that go away are what is tested."""


class Handler(BaseHTTPRequestHandler):
    server: LevelServer

    def do_GET(self) -> None:
        self.server.seen.append((self.path, self.headers.get("Authorization")))
        self.server.next_behaviour()(self)

    def answer(self, status: int, body: bytes = b"", length: int | None = None, **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body) if length is None else length))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, template: str, *arguments: object) -> None:
        pass


def serve(handler: Handler) -> None:
    body = handler.server.objects.get(handler.path)
    handler.answer(404 if body is None else 200, body or b"")


def answering(status: int) -> Behaviour:
    return lambda handler: handler.answer(status)


def hang(handler: Handler) -> None:
    handler.server.ended.wait()


def timeout_for(behaviour: Behaviour) -> float:
    """What a level is given: little where silence is the point, plenty where a busy machine must not look like it."""
    return 0.5 if behaviour is hang else 60


def trickle(handler: Handler) -> None:
    """Never silent for long, never done."""
    handler.answer(200, length=1 << 20)
    while not handler.server.ended.wait(0.05):
        handler.wfile.write(b".")
        handler.wfile.flush()


def drop_half_way(handler: Handler) -> None:
    body = handler.server.objects.get(handler.path)
    if body is None:
        handler.answer(404)
        return
    handler.answer(200, body[: len(body) // 2], length=len(body))
    handler.close_connection = True


def endless(handler: Handler) -> None:
    handler.send_response(200)
    handler.end_headers()
    while True:
        handler.wfile.write(b"x" * 65536)


def redirecting(location: str) -> Behaviour:
    return lambda handler: handler.answer(302, Location=location + handler.path)


def tampering(handler: Handler) -> None:
    """Wheels have one byte changed; what describes them has not."""
    body = handler.server.objects.get(handler.path)
    if body is not None and handler.path.endswith(".whl"):
        body = bytes([body[0] ^ 1]) + body[1:]
    handler.answer(404 if body is None else 200, body or b"")


@contextmanager
def level_server() -> Iterator[LevelServer]:
    with serving(LevelServer()) as server:
        try:
            yield server
        finally:
            server.ended.set()
