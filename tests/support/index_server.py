"""A package index on loopback that offers one source distribution: plain, behind TLS, with a login, or as a proxy."""

from __future__ import annotations

import base64
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

from local_server import serving


class IndexServer(ThreadingHTTPServer):
    """Serves ``/simple/NAME/`` and the archive, to anybody or to who knows ``login`` (``user:password``).

    Requests through it as a proxy are answered too, whatever host they are for.
    """

    daemon_threads = True

    def __init__(self, archive: Path, login: str | None = None, certificate: Path | None = None) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.archive = archive
        self.login = login
        self.seen: list[str] = []  # request lines that were answered
        self.scheme = "https" if certificate else "http"
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            self.socket = context.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.server_port}"

    @property
    def simple(self) -> str:
        return f"{self.scheme}://{self.host}/simple"

    def handle_error(self, request: object, client_address: object) -> None:
        """Stay quiet: clients that do not trust the certificate are part of what is tested."""


class _Handler(BaseHTTPRequestHandler):
    server: IndexServer

    def do_GET(self) -> None:
        server = self.server
        expected = base64.b64encode((server.login or "").encode()).decode()
        if server.login and self.headers.get("Authorization") != f"Basic {expected}":
            self._answer(401, b"", "text/plain")
            return
        path, name = urlsplit(self.path).path, server.archive.name.partition("-")[0]
        if path == f"/simple/{name}/":
            digest = sha256(server.archive.read_bytes()).hexdigest()
            page = f'<a href="/files/{server.archive.name}#sha256={digest}">{server.archive.name}</a>'
            self._answer(200, page.encode(), "text/html")
        elif path == f"/files/{server.archive.name}":
            self._answer(200, server.archive.read_bytes(), "application/gzip")
        else:
            self._answer(404, b"", "text/plain")

    do_HEAD = do_GET  # noqa: N815

    def _answer(self, status: int, body: bytes, kind: str) -> None:
        if status == 200:
            self.server.seen.append(self.path)
        self.send_response(status)
        if status == 401:
            self.send_header("WWW-Authenticate", 'Basic realm="index"')
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body)

    def log_message(self, template: str, *arguments: object) -> None:
        pass


@contextmanager
def index_server(archive: Path, login: str | None = None, certificate: Path | None = None) -> Iterator[IndexServer]:
    """Serve an archive until the block ends."""
    with serving(IndexServer(archive, login, certificate)) as server:
        yield server
