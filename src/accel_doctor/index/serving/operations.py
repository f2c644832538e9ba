"""Give whoever runs an index what they need of it: health, readiness, metrics and an access log, around the
application."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import Callable
from datetime import datetime, timezone
from pathlib import Path

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest

from accel_doctor.http import Page
from accel_doctor.index.serving.http_application import IndexApplication
from accel_doctor.index.serving.index_source import Absent, Unavailable
from accel_doctor.index.serving.reading_guard import Guarded
from accel_doctor.index.serving.records import Records
from accel_doctor.index.serving.requests_and_responses import (
    Message,
    Receive,
    Request,
    Scope,
    Send,
    respond,
    respond_text,
)
from accel_doctor.index.serving.upstream import NotModified, Told, Upstream

_METRICS = b"text/plain; version=0.0.4; charset=utf-8"
_METHODS = ("GET", "HEAD", "POST", "PUT", "DELETE")


class Metrics:
    """Count what one server does."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._requests = Counter(
            "accel_doctor_index_requests", "Requests answered.", ("kind", "method", "status"), registry=self.registry
        )
        self._seconds = Histogram(
            "accel_doctor_index_request_seconds", "Time until an answer was sent.", ("kind",), registry=self.registry
        )
        self._upstream = Counter(
            "accel_doctor_index_upstream_requests",
            "Requests to upstreams.",
            ("upstream", "kind", "outcome"),
            registry=self.registry,
        )

    def answered(self, kind: str, method: str, status: int, seconds: float) -> None:
        """Count one answer; what a client made up counts as other."""
        self._requests.labels(kind, method if method in _METHODS else "other", str(status)).inc()
        self._seconds.labels(kind).observe(seconds)

    def asked(self, upstream: str, kind: str, outcome: str) -> None:
        """Count one request to an upstream."""
        self._upstream.labels(upstream, kind, outcome).inc()


class CountedUpstream(Upstream):
    """Count the answers of an upstream."""

    def __init__(self, upstream: Upstream, metrics: Metrics) -> None:
        self.name = upstream.name
        self._upstream = upstream
        self._metrics = metrics

    def page(self, project: str, etag: str | None) -> Page | NotModified | Absent | Unavailable:
        answer = self._upstream.page(project, etag)
        self._metrics.asked(self.name, "page", _outcome(answer))
        return answer

    def download(self, url: str, target: Path, limit: int, told: Told) -> str | Absent | Unavailable:
        answer = self._upstream.download(url, target, limit, told)
        self._metrics.asked(self.name, "file", _outcome(answer))
        return answer

    def has_host_of(self, url: str) -> bool:
        return self._upstream.has_host_of(url)


class Operated:
    """Wrap an application with ``/-/health``, ``/-/ready`` and ``/-/metrics``, and a line in a log for each answer."""

    def __init__(
        self,
        application: IndexApplication | Guarded,
        records: Records,
        metrics: Metrics,
        clock: Callable[[], float],
        log: Callable[[str], None] | None = None,
    ) -> None:
        self._application = application
        self._records = records
        self._metrics = metrics
        self._clock = clock
        self._log = log

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        began, status = self._clock(), 500  # what is cut before its beginning

        async def noting(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            if scope["path"].startswith("/-/"):
                await self._operation(Request.of(scope), noting)
            else:
                await self._application(scope, receive, noting)
        finally:
            seconds = self._clock() - began
            self._metrics.answered(_kind(scope["path"]), scope["method"], status, seconds)
            if self._log:
                self._log(_line(scope, status, began, seconds))

    async def _operation(self, request: Request, send: Send) -> None:
        match request.path:
            case "/-/health":
                await respond_text(send, request, 200, "ok")
            case "/-/ready":
                trouble = await asyncio.to_thread(self._trouble)
                await respond_text(send, request, 503 if trouble else 200, trouble or "ready")
            case "/-/metrics":
                content = generate_latest(self._metrics.registry)
                await respond(send, request, 200, content, {b"content-type": _METRICS})
            case _:
                await respond_text(send, request, 404, "not found")

    def _trouble(self) -> str | None:
        try:
            self._records.sources()
        except sqlite3.Error as error:
            return f"the database: {error}"
        return None


def _kind(path: str) -> str:
    parts = path.split("/", 3)[1:3]
    if "simple" in parts:
        return "page"
    if "files" in parts:
        return "metadata" if path.endswith(".metadata") else "file"
    return "operation" if parts[0] == "-" else "other"


def _outcome(answer: Page | str | NotModified | Absent | Unavailable) -> str:
    match answer:
        case NotModified():
            return "not modified"
        case Absent():
            return "absent"
        case Unavailable():
            return "unavailable"
        case Page() | str():
            return "found"


def _line(scope: Scope, status: int, began: float, seconds: float) -> str:
    """Return a line of JSON, which nothing in a request can break."""
    client = scope.get("client") or [None]
    return json.dumps(
        {
            "time": datetime.fromtimestamp(began, timezone.utc).isoformat(timespec="milliseconds"),
            "client": client[0],
            "method": scope["method"],
            "path": scope["path"],
            "status": status,
            "seconds": round(seconds, 4),
        }
    )
