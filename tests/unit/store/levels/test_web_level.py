"""The level on a web server, with real ones that behave and that do not."""

from __future__ import annotations

import base64

import pytest
from level_server import (
    answering,
    drop_half_way,
    endless,
    hang,
    level_server,
    redirecting,
    timeout_for,
)

from accel_doctor.errors import LevelDeniedError, LevelError, UsageError
from accel_doctor.store.levels.address import parse_address
from accel_doctor.store.levels.opening import open_level
from accel_doctor.store.levels.web_level import WebLevel

BYTES = b"an object"


@pytest.fixture
def server():
    with level_server() as server:
        server.objects["/base/wheels/x"] = BYTES
        yield server


def fetch(server, target, name="wheels/x", limit=100, query="?retries=0", variables=None, prefix="/base/"):
    level = WebLevel(parse_address(f"{server.url}{prefix}{query}"), variables or {})
    return level.fetch(name, target, limit)


def test_what_is_there_and_what_is_not(server, tmp_path):
    target = tmp_path / "target"
    assert fetch(server, target) is True
    assert target.read_bytes() == BYTES
    assert fetch(server, target, "wheels/y") is False
    server.behaviours = [answering(410)]
    assert fetch(server, target) is False


def test_what_may_pass_is_tried_again(server, tmp_path):
    server.behaviours = [answering(503), drop_half_way, lambda handler: handler.answer(200, BYTES)]
    assert fetch(server, tmp_path / "target", query="?retries=2") is True
    assert (tmp_path / "target").read_bytes() == BYTES
    assert len(server.seen) == 3


@pytest.mark.parametrize(
    ("behaviour", "kind", "message"),
    [
        (answering(500), LevelError, "wheels/x: the server answered 500 Internal Server Error"),
        (answering(403), LevelDeniedError, "wheels/x: the server answered 403 Forbidden"),
        (answering(401), LevelDeniedError, "wheels/x: the server answered 401 Unauthorized"),
        (endless, LevelError, "wheels/x: larger than 100 bytes"),
        (hang, LevelError, "wheels/x: timed out"),
        (
            drop_half_way,
            LevelError,
            "wheels/x: peer closed connection without sending complete message body (received 4 bytes, expected 9)",
        ),
        (
            lambda handler: handler.answer(302, Location=handler.path),
            LevelError,
            "wheels/x: more than 10 redirects",
        ),
    ],
)
def test_trouble_is_one_kind_of_error(server, tmp_path, behaviour, kind, message):
    server.behaviours = [behaviour]
    with pytest.raises(LevelError) as caught:
        fetch(server, tmp_path / "target", query=f"?retries=0&timeout={timeout_for(behaviour)}")
    assert type(caught.value) is kind
    assert caught.value.message == message


def test_a_refused_connection(server, tmp_path):
    level = WebLevel(parse_address("http://127.0.0.1:1/?retries=0"), {})
    with pytest.raises(LevelError, match=r"^x: \[Errno 111\] Connection refused$"):
        level.fetch("x", tmp_path / "target", 10)


def test_credentials_stay_with_their_host(server, tmp_path):
    with level_server() as other:
        other.objects["/base/wheels/x"] = b"of the other host"
        server.behaviours = [redirecting(other.url.replace("127.0.0.1", "localhost"))]
        address = f"{server.url.replace('//', '//me:p%40ss@')}/base"
        assert WebLevel(parse_address(address), {}).fetch("wheels/x", tmp_path / "target", 100)
        assert (tmp_path / "target").read_bytes() == b"of the other host"
        expected = "Basic " + base64.b64encode(b"me:p@ss").decode()
        assert server.seen == [("/base/wheels/x", expected)]
        assert other.seen == [("/base/wheels/x", None)]


def test_credentials_of_the_netrc_file(server, tmp_path):
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login me password netrc\n")
    fetch(server, tmp_path / "target", variables={"HOME": str(tmp_path)})
    assert server.seen[0][1] == "Basic " + base64.b64encode(b"me:netrc").decode()


def test_a_web_server_is_never_written_to(server, tmp_path):
    level = open_level(server.url, {}, tmp_path)
    assert level.writable is False
    with pytest.raises(LevelError, match="^wheels/x: web servers are only read from$"):
        level.send("wheels/x", tmp_path)


def test_a_url_without_host():
    with pytest.raises(UsageError, match="^https:///x: no host in the address$"):
        WebLevel(parse_address("https:///x"), {})
