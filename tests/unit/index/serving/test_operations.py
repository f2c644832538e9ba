"""Health, readiness, metrics and the access log."""

from __future__ import annotations

import asyncio
import json

import pytest

from accel_doctor.http import Page
from accel_doctor.index.serving.index_source import Absent, Unavailable
from accel_doctor.index.serving.operations import CountedUpstream, Metrics, Operated
from accel_doctor.index.serving.records import Records
from accel_doctor.index.serving.upstream import NotModified, Upstream


async def application(scope, receive, send):
    if scope["path"] == "/simple/broken/":
        raise ConnectionError("cut")
    await send({"type": "http.response.start", "status": 404, "headers": []})
    await send({"type": "http.response.body", "body": b"page"})


class Place:
    def __init__(self, directory):
        self.records = Records(directory / "index.sqlite")
        self.metrics = Metrics()
        self.lines = []
        ticks = iter(range(1_000_000_000, 2_000_000_000))
        self.server = Operated(application, self.records, self.metrics, lambda: next(ticks) / 1, self.lines.append)

    def ask(self, path, method="GET"):
        messages = []

        async def send(message):
            messages.append(message)

        scope = {
            "type": "http",
            "method": method,
            "path": path,
            "query_string": b"",
            "headers": [],
            "client": ["::1", 5],
        }
        asyncio.run(self.server(scope, None, send))
        return messages[0]["status"], messages[1]["body"].decode()


@pytest.fixture
def place(tmp_path):
    made = Place(tmp_path)
    yield made
    made.records.close()


def test_health_and_readiness_are_told(place):
    assert place.ask("/-/health") == (200, "ok\n")
    assert place.ask("/-/ready") == (200, "ready\n")
    assert place.ask("/-/nothing") == (404, "not found\n")
    place.records.close()
    assert place.ask("/-/health") == (200, "ok\n")
    assert place.ask("/-/ready") == (503, "the database: Cannot operate on a closed database.\n")


def test_answers_are_counted_by_kind(place):
    for path in ("/simple/a/", "/debian-13/simple/a/", "/files/a/k/a.zip", "/files/a/k/a.whl.metadata", "/x"):
        assert place.ask(path) == (404, "page")
    place.ask("/simple/a/", "BREW")
    with pytest.raises(ConnectionError, match="cut"):
        place.ask("/simple/broken/")
    status, text = place.ask("/-/metrics")
    assert status == 200
    counted = [line for line in text.splitlines() if line.startswith("accel_doctor_index_requests_total")]
    assert counted == [
        'accel_doctor_index_requests_total{kind="page",method="GET",status="404"} 2.0',
        'accel_doctor_index_requests_total{kind="file",method="GET",status="404"} 1.0',
        'accel_doctor_index_requests_total{kind="metadata",method="GET",status="404"} 1.0',
        'accel_doctor_index_requests_total{kind="other",method="GET",status="404"} 1.0',
        'accel_doctor_index_requests_total{kind="page",method="other",status="404"} 1.0',
        'accel_doctor_index_requests_total{kind="page",method="GET",status="500"} 1.0',
    ]


def test_each_answer_is_a_line_of_json(place):
    place.ask('/simple/"\r\nx/')
    assert [json.loads(line) for line in place.lines] == [
        {
            "time": "2001-09-09T01:46:40.000+00:00",
            "client": "::1",
            "method": "GET",
            "path": '/simple/"\r\nx/',
            "status": 404,
            "seconds": 1.0,
        }
    ]
    assert "\n" not in place.lines[0]


class FakeUpstream(Upstream):
    name = "https://up"

    def __init__(self, *answers):
        self.answers = list(answers)

    def page(self, project, etag):
        return self.answers.pop(0)

    def download(self, url, target, limit, told):
        return "digest"

    def has_host_of(self, url):
        return True


def test_what_upstreams_answer_is_counted(place):
    answers = [NotModified(), Absent(), Unavailable("down"), Page("u", "t", b"")]
    upstream = CountedUpstream(FakeUpstream(*answers), place.metrics)
    assert [upstream.page("a", None) for _ in answers] == answers
    assert upstream.download("u", None, 1, None) == "digest"
    assert upstream.has_host_of("u")
    counted = [line for line in place.ask("/-/metrics")[1].splitlines() if "requests_total{kind" in line]
    labels = [line.partition("{")[2] for line in counted if "outcome" in line]
    assert labels == [
        'kind="page",outcome="not modified",upstream="https://up"} 1.0',
        'kind="page",outcome="absent",upstream="https://up"} 1.0',
        'kind="page",outcome="unavailable",upstream="https://up"} 1.0',
        'kind="page",outcome="found",upstream="https://up"} 1.0',
        'kind="file",outcome="found",upstream="https://up"} 1.0',
    ]
