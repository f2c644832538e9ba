"""A package index in memory: its pages and files by path, as an upstream sends them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path

from level_server import Handler, LevelServer

JSON = "application/vnd.pypi.simple.v1+json"


def page_of(name: str, contents: Iterable[tuple[str, bytes]], **extra: object) -> bytes:
    """The JSON page of a project whose files are below /packages."""
    listed = [
        {
            "filename": filename,
            "url": f"../../packages/{filename}",
            "hashes": {"sha256": hashlib.sha256(content).hexdigest()},
            "size": len(content),
            "upload-time": "2024-05-01T10:00:00Z",
        }
        for filename, content in contents
    ]
    page = {"meta": {"api-version": "1.1"}, "name": name, "versions": [], "files": listed}
    return json.dumps({**page, **extra}).encode()


def publish(server: LevelServer, name: str, *paths: Path) -> None:
    """Put a project with these files on a server that answers by :func:`serve_index`."""
    files = [(path.name, path.read_bytes()) for path in paths]
    server.objects[f"/simple/{name}/"] = page_of(name, files)
    server.objects |= {f"/packages/{filename}": content for filename, content in files}


def serve_index(handler: Handler) -> None:
    """Answer as a package index does: with content types, ETags and 304."""
    body = handler.server.objects.get(handler.path)
    if body is None:
        handler.answer(404)
        return
    etag = f'"{hashlib.sha256(body).hexdigest()[:8]}"'
    kind = JSON if handler.path.endswith("/") else "application/octet-stream"
    if handler.headers.get("If-None-Match") == etag:
        handler.answer(304, ETag=etag)
    else:
        headers = {"Content-Type": kind, "ETag": etag, "Cache-Control": "max-age=0"}
        handler.answer(200, body, None, **headers)
