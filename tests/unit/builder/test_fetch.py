"""Fetching sdists, from a real server on loopback and from disk."""

from __future__ import annotations

import base64
import hashlib
import os
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from local_server import serving

from accel_doctor.builder.fetch import SourceFetcher
from accel_doctor.errors import NetworkError, RequirementsError
from accel_doctor.model.builds import Source, SourceKind
from accel_doctor.model.requests import IndexSettings

BYTES = b"an sdist"
SHA256 = hashlib.sha256(BYTES).hexdigest()
NO_RETRIES = IndexSettings(retries=0)


class Index(ThreadingHTTPServer):
    """Serves BYTES; ``answers`` holds status codes to give first; ``seen`` the requests."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.answers: list[int] = []
        self.seen: list[tuple[str, str | None]] = []
        self.body = BYTES

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    server: Index

    def do_GET(self) -> None:
        self.server.seen.append((self.path, self.headers.get("Authorization")))
        status = self.server.answers.pop(0) if self.server.answers else 200
        self.send_response(status)
        body = self.server.body if status == 200 else b""
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, template: str, *arguments: object) -> None:
        pass


@pytest.fixture
def index() -> Iterator[Index]:
    with serving(Index()) as server:
        yield server


@pytest.fixture
def fetcher(tmp_path):
    return SourceFetcher(tmp_path / "sources", {"HOME": str(tmp_path)}, str)


def source(url: str, sha256: str | None = SHA256) -> Source:
    return Source("odd", "1.0", SourceKind.SDIST, url, sha256=sha256)


def test_fetched_once_then_kept(index, fetcher, tmp_path):
    odd = source(f"{index.url}/files/odd-1.0.tar.gz")
    first = fetcher.fetch(odd, NO_RETRIES, tmp_path)
    assert first.read_bytes() == BYTES
    assert first.name == "odd-1.0.tar.gz"
    assert fetcher.fetch(odd, IndexSettings(offline=True), tmp_path) == first
    assert index.seen == [("/files/odd-1.0.tar.gz", None)]


def test_a_kept_file_that_rotted_is_fetched_again(index, fetcher, tmp_path):
    odd = source(f"{index.url}/odd-1.0.tar.gz")
    fetcher.fetch(odd, NO_RETRIES, tmp_path).write_bytes(b"rotten")
    assert fetcher.fetch(odd, NO_RETRIES, tmp_path).read_bytes() == BYTES


def test_other_bytes_than_the_locked_ones_are_refused_and_not_kept(index, fetcher, tmp_path):
    index.body = b"something else"
    url = f"{index.url}/odd-1.0.tar.gz"
    with pytest.raises(RequirementsError) as caught:
        fetcher.fetch(source(url), NO_RETRIES, tmp_path)
    found = hashlib.sha256(b"something else").hexdigest()
    assert caught.value.message == f"odd 1.0: SHA-256 mismatch for {url}: expected {SHA256}, got {found}"
    assert list((tmp_path / "sources").rglob("*.tar.gz")) == []


def test_passing_trouble_is_tried_again(index, fetcher, tmp_path):
    index.answers = [503, 502]
    assert fetcher.fetch(source(f"{index.url}/odd-1.0.tar.gz"), IndexSettings(retries=2), tmp_path).is_file()
    assert len(index.seen) == 3


def test_what_is_not_there_is_asked_for_once(index, fetcher, tmp_path):
    index.answers = [404]
    url = f"{index.url}/odd-1.0.tar.gz"
    with pytest.raises(NetworkError, match=rf"^odd 1\.0: cannot fetch {url}: the server answered 404 Not Found$"):
        fetcher.fetch(source(url), IndexSettings(retries=5), tmp_path)
    assert len(index.seen) == 1


def test_a_closed_port_is_a_network_error(fetcher, tmp_path):
    with pytest.raises(NetworkError, match="cannot fetch .*refused"):
        fetcher.fetch(source("http://127.0.0.1:9/odd-1.0.tar.gz"), NO_RETRIES, tmp_path)


def test_offline_says_what_is_missing(fetcher, tmp_path):
    with pytest.raises(NetworkError) as caught:
        fetcher.fetch(source("https://x.invalid/odd-1.0.tar.gz"), IndexSettings(offline=True), tmp_path)
    assert caught.value.message == (
        "odd 1.0: https://x.invalid/odd-1.0.tar.gz is not in the cache, and --offline forbids fetching it"
    )


def test_credentials_of_the_index_serve_its_files_and_no_other_host(index, fetcher, tmp_path):
    mine = IndexSettings(index_url=f"http://me:s%40crt@127.0.0.1:{index.server_port}/simple", retries=0)
    fetcher.fetch(source(f"{index.url}/a-1.tar.gz"), mine, tmp_path)
    elsewhere = IndexSettings(index_url="http://me:secret@index.invalid/simple", retries=0)
    fetcher.fetch(source(f"{index.url}/b-1.tar.gz", None), elsewhere, tmp_path)
    expected = "Basic " + base64.b64encode(b"me:s@crt").decode()
    assert [authorization for _, authorization in index.seen] == [expected, None]


def test_netrc_is_read(index, fetcher, tmp_path):
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login me password pw\n")
    fetcher.fetch(source(f"{index.url}/a-1.tar.gz"), NO_RETRIES, tmp_path)
    assert index.seen[0][1] == "Basic " + base64.b64encode(b"me:pw").decode()


@pytest.mark.parametrize("location", ["{path}", "file://{path}"])
def test_local_files_are_used_where_they_are_and_checked(fetcher, tmp_path, location):
    path = tmp_path / "odd-1.0.tar.gz"
    path.write_bytes(BYTES)
    assert fetcher.fetch(source(location.format(path=path)), NO_RETRIES, tmp_path) == path
    path.write_bytes(b"changed")
    with pytest.raises(RequirementsError, match="SHA-256 mismatch"):
        fetcher.fetch(source(location.format(path=path)), NO_RETRIES, tmp_path)


def test_a_file_name_never_leads_out_of_the_directory(index, fetcher, tmp_path):
    kept = fetcher.fetch(source(f"{index.url}/%2e%2e%2f%2e%2e%2fevil-1.tar.gz"), NO_RETRIES, tmp_path)
    assert kept.parent == tmp_path / "sources" / SHA256
    with pytest.raises(RequirementsError, match="^no file name in "):
        fetcher.fetch(source(f"{index.url}/x/.."), NO_RETRIES, tmp_path)


def test_where_sources_cannot_be_kept_they_are_fetched_all_the_same(index, tmp_path):
    (tmp_path / "sources").write_text("a file where the directory should be")
    fetcher = SourceFetcher(tmp_path / "sources", {"HOME": str(tmp_path)}, str)
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    fetched = fetcher.fetch(source(f"{index.url}/odd-1.0.tar.gz"), NO_RETRIES, scratch)
    assert fetched == scratch / "odd-1.0.tar.gz"
    assert fetched.read_bytes() == BYTES


def test_a_source_is_said_to_be_in_use_and_when_it_was_used_last(index, tmp_path):
    held: list[str] = []
    fetcher = SourceFetcher(tmp_path / "sources", {"HOME": str(tmp_path)}, held.append)
    odd = source(f"{index.url}/odd-1.0.tar.gz")
    kept = fetcher.fetch(odd, NO_RETRIES, tmp_path)
    os.utime(kept, (0, 0))
    fetcher.fetch(odd, NO_RETRIES, tmp_path)
    assert held == [SHA256, SHA256]
    assert kept.stat().st_mtime > 0
