"""The index over HTTP, spoken to in ASGI's messages."""

from __future__ import annotations

import asyncio
import gzip
import json

import pytest

from accel_doctor.index.rendering import Form
from accel_doctor.index.serving.http_application import IndexApplication, Mounts
from accel_doctor.index.serving.index_source import Absent, IncompleteError, Source, StoredFile, Unavailable
from accel_doctor.model.releases import Listing, ReleaseFile

KEY = "a" * 64
CONTENT = b"0123456789"
FILE = f"/files/acme-thing/{KEY}/acme_thing-1.0.zip"


class FakeSource(Source):
    """Has one project with one file; ``answer`` replaces whatever is asked for."""

    def __init__(self, directory):
        self.path = directory / "content"
        self.path.write_bytes(CONTENT)
        self.answer = None
        self.asked = []

    async def names(self):
        return frozenset({"acme-thing"})

    async def project(self, name):
        self.asked.append(name)
        files = (ReleaseFile("acme_thing-1.0.zip", "x", KEY, size=10),)
        return self.answer or (Listing(files, "1") if name == "acme-thing" else Absent())

    async def file(self, wanted):
        self.asked.append(wanted)
        return self.answer or StoredFile(wanted.key, self.path, 10)


class Everywhere(Mounts):
    vary = ", User-Agent"

    def __init__(self, source):
        self.source = source

    def source_at(self, prefix, user_agent):
        return self.source if prefix in ("", "debian-13") else None


class Arriving:
    def __init__(self, end, size=10):
        self.key, self.size, self.end = KEY, size, end

    async def started(self):
        return None if isinstance(self.end, StoredFile) or self.size else self.end

    async def stored(self):
        return self.end

    async def blocks(self):
        yield CONTENT[:4]
        if not isinstance(self.end, StoredFile):
            raise IncompleteError("SHA-256 mismatch")
        yield CONTENT[4:]


class Answer:
    def __init__(self, messages):
        self.status = messages[0]["status"]
        self.headers = {name.decode(): value.decode() for name, value in messages[0]["headers"]}
        self.body = b"".join(message.get("body", b"") for message in messages[1:])
        self.sent_path = next((message["path"] for message in messages if "path" in message), None)


@pytest.fixture
def source(tmp_path):
    return FakeSource(tmp_path)


def ask(source, path, method="GET", query="", pathsend=False, **headers):
    messages = []

    async def send(message):
        messages.append(message)

    scope = {
        "type": "http",
        "method": method,
        "path": path,
        "query_string": query.encode(),
        "headers": [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()],
        "extensions": {"http.response.pathsend": {}} if pathsend else None,
    }
    application = IndexApplication(Everywhere(source), None)
    asyncio.run(application(scope, None, send))
    return Answer(messages)


PIP = f"{Form.JSON.value}, {Form.HTML.value};q=0.1, text/html;q=0.01"


@pytest.mark.parametrize(
    ("accept", "query", "kind"),
    [
        (None, "", "text/html; charset=utf-8"),
        ("*/*", "", "text/html; charset=utf-8"),
        ("text/html,application/xhtml+xml,*/*;q=0.8", "", "text/html; charset=utf-8"),
        (PIP, "", Form.JSON.value),
        ("application/vnd.pypi.simple.latest+json", "", Form.JSON.value),
        (f"{Form.HTML.value}, text/html;q=0.5", "", Form.HTML.value),
        (f"{Form.JSON.value};q=0, text/html", "", "text/html; charset=utf-8"),
        (f"{Form.JSON.value};q=nonsense", "", "text/html; charset=utf-8"),
        ("text/html", "format=application/vnd.pypi.simple.v1+json", Form.JSON.value),
    ],
)
def test_a_client_gets_the_form_that_it_prefers(source, accept, query, kind):
    headers = {"accept": accept} if accept else {}
    answer = ask(source, "/simple/acme-thing/", query=query, **headers)
    assert (answer.status, answer.headers["content-type"]) == (200, kind)


def test_pages_are_compressed_and_have_etags(source):
    plain = ask(source, "/simple/acme-thing/", accept=PIP)
    packed = ask(source, "/simple/acme-thing/", accept=PIP, accept_encoding="br, gzip")
    assert gzip.decompress(packed.body) == plain.body
    assert json.loads(plain.body)["files"][0]["url"] == f"../..{FILE}"
    assert (packed.headers["content-encoding"], packed.headers["vary"]) == (
        "gzip",
        "Accept, Accept-Encoding, User-Agent",
    )
    for etag in (packed.headers["etag"], f'"x", W/{packed.headers["etag"]}', "*"):
        again = ask(source, "/simple/acme-thing/", accept=PIP, accept_encoding="gzip", if_none_match=etag)
        assert (again.status, again.body) == (304, b"")
    refused = ask(source, "/simple/acme-thing/", accept=PIP, accept_encoding="gzip;q=0")
    assert "content-encoding" not in refused.headers
    head = ask(source, "/simple/acme-thing/", "HEAD", accept=PIP)
    assert (head.body, head.headers["content-length"]) == (b"", str(len(plain.body)))


@pytest.mark.parametrize(
    ("path", "target"),
    [
        ("/", "/simple/"),
        ("/simple", "/simple/"),
        ("/simple/acme-thing", "/simple/acme-thing/"),
        ("/simple/Acme_Thing/", "/simple/acme-thing/"),
        ("/acme.thing/", "/simple/acme-thing/"),
        ("/debian-13/simple", "/debian-13/simple/"),
        ("/debian-13/simple/ACME-thing", "/debian-13/simple/acme-thing/"),
    ],
)
def test_addresses_that_were_meant(source, path, target):
    answer = ask(source, path)
    assert (answer.status, answer.headers["location"]) == (301, target)


def test_a_query_survives_a_redirect_unless_it_is_odd(source):
    assert ask(source, "/simple/A", query="format=x").headers["location"] == "/simple/a/?format=x"
    assert ask(source, "/simple/A", query="a\r\nSet-Cookie: b").headers["location"] == "/simple/a/"


@pytest.mark.parametrize(
    "path",
    [
        "/simple/../etc/passwd",
        "/simple/a\r\nX: y/",
        "/simple/a\0/",
        f"/simple/{'a' * 101}/",
        "/simple//",
        "/simple/ä/",
        "/simple/a/b/c",
        f"/files/../{KEY}/x.zip",
        f"/files/A_B/{KEY}/x.zip",
        f"/ubuntu-24.04/files/a/{KEY}/x.zip",
        "/-/nothing",
        "//evil.example/",
    ],
)
def test_odd_addresses_are_not_found_and_nobody_is_asked(source, path):
    answer = ask(source, path)
    assert (answer.status, answer.body) == (404, b"not found\n")
    assert source.asked == []


def test_reasons_are_told(source):
    source.answer = Unavailable("https://up: timed out\x1b[2J")
    answer = ask(source, "/simple/acme-thing/")
    assert (answer.status, answer.body.decode()) == (502, "https://up: timed out�[2J\n")
    assert answer.headers["retry-after"] == "5"
    assert ask(source, FILE).status == 502
    source.answer = Absent("not on https://up")
    assert (ask(source, FILE).status, ask(source, FILE).body) == (404, b"not on https://up\n")
    assert ask(source, "/simple/x/", "POST").status == 405


def test_projects_are_listed(source):
    answer = ask(source, "/debian-13/simple/", accept=PIP)
    assert json.loads(answer.body)["projects"] == [{"name": "acme-thing"}]


@pytest.mark.parametrize(
    ("asked", "status", "body", "told"),
    [
        (None, 200, CONTENT, None),
        ("bytes=2-4", 206, b"234", "bytes 2-4/10"),
        ("bytes=7-", 206, b"789", "bytes 7-9/10"),
        ("bytes=-3", 206, b"789", "bytes 7-9/10"),
        ("bytes=-99", 206, CONTENT, "bytes 0-9/10"),
        ("bytes=8-99", 206, b"89", "bytes 8-9/10"),
        ("bytes=10-", 416, b"", "bytes */10"),
        ("bytes=5-2", 416, b"", "bytes */10"),
        ("bytes=-0", 416, b"", "bytes */10"),
        ("bytes=0-1,3-4", 200, CONTENT, None),
        ("bytes=-", 200, CONTENT, None),
        ("lines=1-2", 200, CONTENT, None),
    ],
)
def test_parts_of_files(source, asked, status, body, told):
    answer = ask(source, f"/debian-13{FILE}", **({"range": asked} if asked else {}))
    assert (answer.status, answer.body, answer.headers.get("content-range")) == (status, body, told)
    assert answer.headers["content-length"] == str(len(body))


def test_files_are_sent_by_the_server_and_only_if_they_are_not_there(source):
    answer = ask(source, FILE, pathsend=True)
    assert (answer.sent_path, answer.headers["etag"]) == (str(source.path), f'"{KEY}"')
    assert answer.headers["cache-control"] == "max-age=31536000, immutable"
    assert ask(source, FILE, if_none_match=f'"{KEY}"').status == 304
    assert ask(source, FILE, "HEAD", pathsend=True).body == b""
    assert ask(source, FILE, range="bytes=1-1", if_range='"other"').status == 200
    ask(source, f"{FILE}.metadata")
    assert source.asked[-1].metadata
    assert source.asked[-1].filename == "acme_thing-1.0.zip"


def test_a_file_that_arrives_is_passed_on_and_cut_if_it_is_wrong(source):
    source.answer = Arriving(StoredFile(KEY, source.path, 10))
    answer = ask(source, FILE)
    assert (answer.body, answer.headers["content-length"]) == (CONTENT, "10")
    assert ask(source, FILE, range="bytes=2-3").body == b"23"
    source.answer = Arriving(Unavailable("SHA-256 mismatch"))
    with pytest.raises(IncompleteError, match="SHA-256 mismatch"):
        ask(source, FILE)
    assert ask(source, FILE, range="bytes=2-3").status == 502
    source.answer = Arriving(Absent("not there"), size=None)
    assert ask(source, FILE).status == 404
