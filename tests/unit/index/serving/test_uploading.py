"""Uploads over HTTP: who may publish, what is stored, and that nothing is when an upload is refused."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
from typing import Any

import pytest
from packaging.version import Version
from tiny_wheel import write_tiny_wheel
from uploaded_files import tiny_sdist, upload_of

from accel_doctor.index.serving.audit import Change, changes
from accel_doctor.index.serving.file_store import FileStore
from accel_doctor.index.serving.http_application import IndexApplication
from accel_doctor.index.serving.index_source import Absent
from accel_doctor.index.serving.layers import Claimed
from accel_doctor.index.serving.private_packages import HostedSource
from accel_doctor.index.serving.reading_guard import Guarded
from accel_doctor.index.serving.records import Records
from accel_doctor.index.serving.release_changes import Act, change_release
from accel_doctor.index.serving.tokens import Tokens
from accel_doctor.index.serving.upload_requests import UploadHandler
from accel_doctor.store.locks import Leases

WHEEL = "tiny-1.0-py3-none-any.whl"
NOW = 1.7e9
DAY = "2023-11-14T22:13:20.000000Z"
BOUNDARY = "b0undary"


class NeverAsked:
    async def names(self):
        return frozenset()

    async def project(self, name):
        raise AssertionError(f"{name} was looked up above")

    file = project


class Server:
    vary = ""

    def __init__(self, place, most_bytes=1 << 20):
        self.place = place
        self.now = NOW
        self.records = Records(place / "index.sqlite")
        self.leases = Leases(place / "leases")
        self.store = FileStore(place / "hosted", self.leases)
        self.hosted = HostedSource(self.records, self.store, lambda: self.now)
        self.tokens = Tokens(self.records, lambda: self.now)
        self.token, self.secret = self.tokens.add(["ti*"], "", None, "me")
        uploads = UploadHandler(self.hosted, self.tokens, self.store, most_bytes)
        self.application = IndexApplication(self, uploads)

    def source_at(self, prefix, user_agent):
        return Claimed(self.hosted, NeverAsked(), [])

    def request(self, method, path, body=b"", piece=1 << 20, **headers):
        pieces = [body[start : start + piece] for start in range(0, len(body), piece)] or [b""]
        messages = []

        async def receive():
            return {"type": "http.request", "body": pieces.pop(0), "more_body": bool(pieces)}

        async def send(message):
            messages.append(message)

        scope = {
            "type": "http",
            "method": method,
            "path": path,
            "query_string": b"",
            "headers": [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()],
        }
        asyncio.run(self.application(scope, receive, send))
        return messages[0]["status"], b"".join(one.get("body", b"") for one in messages[1:]).decode(errors="replace")

    def post(self, body, secret=None, piece=1 << 20, content_type=f"multipart/form-data; boundary={BOUNDARY}"):
        login = base64.b64encode(f"__token__:{secret or self.secret}".encode()).decode()
        return self.request("POST", "/legacy/", body, piece, content_type=content_type, authorization=f"Basic {login}")

    def page(self, name="tiny"):
        status, text = self.request("GET", f"/simple/{name}/", accept="application/vnd.pypi.simple.v1+json")
        assert status == 200, text
        return json.loads(text)["files"]

    @property
    def stored(self):
        return sorted(path.name for path in (self.place / "hosted").rglob("content"))


@pytest.fixture
def server(tmp_path):
    made = Server(tmp_path)
    yield made
    made.records.close()
    made.leases.close()


def part(name, value, filename=None):
    name_of_file = f'; filename="{filename}"' if filename is not None else ""
    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"{name_of_file}\r\n\r\n'
    return head.encode() + (value if isinstance(value, bytes) else value.encode()) + b"\r\n"


def form_of(path, filename=None, **changes):
    upload = upload_of(path, **changes)
    fields = [part(name, value) for name, values in upload.fields.items() for value in values]
    return b"".join([*fields, part("content", path.read_bytes(), filename or path.name), END])


END = f"--{BOUNDARY}--\r\n".encode()


@pytest.mark.parametrize("piece", [1, 7, 1 << 20])
def test_what_is_published_is_served(server, tmp_path, piece):
    wheel = write_tiny_wheel(tmp_path, {"tiny.py": b"x = 1\n"})
    assert server.post(form_of(wheel), piece=piece) == (200, f"published {WHEEL}\n")
    sha256 = hashlib.sha256(wheel.read_bytes()).hexdigest()
    (file,) = server.page()
    assert (file["filename"], file["hashes"], file["upload-time"]) == (WHEEL, {"sha256": sha256}, DAY)
    status, metadata = server.request("GET", f"/files/tiny/{sha256}/{WHEEL}.metadata")
    assert (status, metadata) == (200, "Metadata-Version: 2.1\nName: tiny\nVersion: 1.0\n")
    assert file["core-metadata"] == {"sha256": hashlib.sha256(metadata.encode()).hexdigest()}
    assert server.request("GET", f"/files/tiny/{sha256}/other.whl")[0] == 404
    assert changes(server.records)[1:] == (Change(DAY, server.token.identifier, "uploaded", WHEEL, sha256),)


def test_a_file_never_changes(server, tmp_path):
    sdist = tiny_sdist(tmp_path)
    assert server.post(form_of(sdist))[0] == 200
    assert server.post(form_of(sdist)) == (200, "published tiny-1.0.tar.gz\n")
    assert len(changes(server.records)) == 2
    stored = server.stored
    refused = (409, "tiny-1.0.tar.gz already exists, with other content: publish another version\n")
    assert server.post(form_of(tiny_sdist(tmp_path, [("tiny-1.0/x", b"")]))) == refused
    assert server.stored == stored


def test_a_deleted_release_can_be_restored_and_its_names_are_taken(server, tmp_path):
    wheel = write_tiny_wheel(tmp_path, {})
    server.post(form_of(wheel))

    def change(act, why=""):
        server.now += 2
        return change_release(server.records, act, "tiny", Version("1.0.0"), Change(DAY, "me", "", "", why))

    other = Records(tmp_path / "index.sqlite")  # as a command has it
    mine, server.records = server.records, other
    assert change(Act.YANK, "broken") == (WHEEL,)
    assert change(Act.YANK) == ()
    assert server.page()[0]["yanked"] == "broken"
    assert change(Act.UNYANK) == (WHEEL,)
    assert server.page()[0]["yanked"] is False
    assert change(Act.DELETE) == (WHEEL,)
    assert server.page() == []  # and nothing is looked up above
    assert asyncio.run(server.hosted.project("huge")) == Absent()
    taken = (409, f"{WHEEL} already existed, and was deleted: publish another version\n")
    assert server.post(form_of(wheel)) == taken
    assert change(Act.RESTORE) == (WHEEL,)
    assert len(server.page()) == 1
    other.close()
    server.records = mine


def test_only_a_valid_token_publishes_and_only_its_projects(server, tmp_path):
    body = form_of(write_tiny_wheel(tmp_path, {}))
    why = "no valid token: upload with the user __token__ and a token of this index as password\n"
    assert server.request("POST", "/legacy/", body, content_type="multipart/form-data; boundary=x") == (401, why)
    assert server.post(body, secret="ad_00000000_" + "x" * 43) == (401, why)
    _, other = server.tokens.add(["acme-*", "huge"], "", None, "me")
    assert server.post(body, secret=other) == (403, "this token is not for tiny, but for acme-* huge\n")
    assert server.stored == []


def test_a_private_index_is_read_with_tokens_only(server, tmp_path):
    server.post(form_of(write_tiny_wheel(tmp_path, {})))
    url = f"/files/tiny/{server.page()[0]['hashes']['sha256']}/{WHEEL}"
    _, reading = server.tokens.add(["tiny"], "", None, "me", publishes=False)
    _, other = server.tokens.add(["acme-*"], "", None, "me", publishes=False)
    assert server.post(b"--b0undary--", secret=reading)[0] == 400
    body = form_of(write_tiny_wheel(tmp_path, {}, "2.0"), version="2.0")
    assert server.post(body, secret=reading) == (403, "this token is for reading only\n")
    server.application = Guarded(server.application, server.tokens, lambda: server.now)
    for path in (
        "/simple/",
        "/simple/tiny/",
        "/simple/Tiny",
        "/debian-13/simple/tiny/",
        url,
        f"{url}.metadata",
        "/tiny/",
    ):
        assert server.request("GET", path) == (401, "no valid token for this index\n"), path
        assert server.request("HEAD", path)[0] == 401
        assert server.request("GET", path, authorization=f"Bearer {reading}")[0] in (200, 301), path
        answer = server.request("GET", path, authorization=f"Bearer {other}")
        expected = (403, "this token is not for tiny\n") if path not in ("/simple/", "/tiny/") else answer
        assert answer == expected, path
    token = next(one for one in server.tokens.all() if one.projects == ("tiny",))
    server.tokens.revoke(token.identifier, "me")
    server.now += 2
    assert server.request("GET", url, authorization=f"Bearer {reading}")[0] == 401
    assert server.post(body)[0] == 200


MULTIPART = f"multipart/form-data; boundary={BOUNDARY}"
REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "no form": ({"content_type": "application/json"}, "an upload is a form: multipart/form-data"),
    "no boundary": ({"content_type": "multipart/form-data"}, "an upload is a form: multipart/form-data"),
    "a long boundary": (
        {"content_type": f"multipart/form-data; boundary={'x' * 300}"},
        "an upload is a form: multipart/form-data",
    ),
    "nothing": ({"body": b""}, "malformed form: it ends too early"),
    "no multipart": ({"body": b"hello"}, "malformed form: "),
    "no file": ({"body": part("name", "tiny") + END}, "the form has no file 'content'"),
    "two files": (
        {"body": part("content", b"a", "a") + part("content", b"b", "b") + END},
        "the form has more than one file 'content'",
    ),
    "a long field": ({"body": part("name", "x" * 1001) + END}, "the form's name is too long"),
    "many fields": ({"body": part("classifiers", "x") * 5001 + END}, "the form has more than 5000 fields"),
    "a huge header": ({"body": part("name" * 5000, "x") + END}, "malformed form: "),
    "a field with two names": (
        {
            "body": f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="a"\r\n'
            f'Content-Disposition: form-data; name="b"\r\n\r\nx\r\n'.encode()
        },
        "malformed form: a field has two names",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_malformed_form_is_refused(server, case):
    given, reason = REFUSED[case]
    status, text = server.post(given.get("body", b"x"), content_type=given.get("content_type", MULTIPART))
    assert status == 400
    assert text == f"{reason}\n" or (reason.endswith(": ") and text.startswith(reason))
    assert server.stored == []


def test_a_cut_form_is_refused(server, tmp_path):
    body = form_of(write_tiny_wheel(tmp_path, {}))
    for length in range(0, len(body) - 2, 37):
        status, text = server.post(body[:length])
        assert (status, text) == (400, "malformed form: it ends too early\n"), length
    assert server.stored == []


@pytest.mark.parametrize(
    "filename",
    [f"../../{WHEEL}", f"/tmp/{WHEEL}", f"..\\{WHEEL}", f"{WHEEL}\0", f"{WHEEL}\r\nX-Evil: 1", "", "index.sqlite"],
)
def test_no_path_comes_from_a_file_name(server, tmp_path, filename):
    before = sorted(tmp_path.rglob("*"))
    body = form_of(write_tiny_wheel(tmp_path, {}), filename="REPLACED").replace(b"REPLACED", filename.encode())
    status, text = server.post(body)
    assert status == 400, text
    assert "\r" not in text
    assert text.count("\n") == 1
    after = {path for path in tmp_path.rglob("*") if path.is_file()} - {*before, tmp_path / WHEEL}
    assert server.stored == []
    assert {path.relative_to(tmp_path).parts[0] for path in after} <= {"leases", "index.sqlite-wal", "index.sqlite-shm"}


@pytest.mark.parametrize(
    "changes_", [{"name": "huge"}, {"name": ["tiny", "tiny"]}, {"version": "2"}, {"sha256_digest": "0" * 64}]
)
def test_a_form_that_lies_stores_nothing(server, tmp_path, changes_):
    assert server.post(form_of(write_tiny_wheel(tmp_path, {}), **changes_))[0] in (400, 403)
    assert server.stored == []
    assert asyncio.run(server.hosted.names()) == frozenset()


def test_a_file_that_is_too_large_is_refused(tmp_path):
    server = Server(tmp_path, most_bytes=-(16 << 20) + 500)
    assert server.post(form_of(write_tiny_wheel(tmp_path, {})))[0] == 413
    assert server.stored == []
    server.records.close()
    server.leases.close()


def test_other_methods_and_places_are_refused(server):
    assert server.request("POST", "/simple/tiny/") == (405, "method not allowed\n")
    assert server.request("PUT", "/legacy/") == (405, "method not allowed\n")
