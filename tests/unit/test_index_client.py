"""The index client, against a real server on loopback and pages on disk."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from local_server import serving

from accel_doctor.errors import NetworkError
from accel_doctor.index_client import IndexClient
from accel_doctor.model.requests import FrontendIndexes, IndexSettings


class Index(ThreadingHTTPServer):
    """Serves ``pages``, content type and content by path; ``seen`` are the paths, types and logins asked for."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.pages: dict[str, tuple[str, str]] = {}
        self.seen: list[tuple[str, str, str]] = []
        self.status = 404  # for all other paths

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.server_port}"

    @property
    def url(self) -> str:
        return f"http://{self.host}/simple"


class Handler(BaseHTTPRequestHandler):
    server: Index

    def do_GET(self) -> None:
        self.server.seen.append((self.path, self.headers["Accept"], self.headers.get("Authorization", "")))
        kind, text = self.server.pages.get(self.path, ("", ""))
        self.send_response(200 if kind else self.server.status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, template: str, *arguments: object) -> None:
        pass


@pytest.fixture
def index() -> Iterator[Index]:
    with serving(Index()) as server:
        yield server


def versions(name: str, index: IndexSettings, **variables: str) -> list[str]:
    project = IndexClient(variables).project(name, index)
    return [str(release.version) for release in project.releases]


def page(*names: str) -> tuple[str, str]:
    return "text/html", "".join(f'<a href="/files/{name}">{name}</a>' for name in names)


def test_all_indexes_are_asked_and_each_only_once(index):
    index.pages = {"/simple/odd/": page("odd-1.0.tar.gz"), "/more/odd/": page("odd-2.0.tar.gz", "odd-1.0.tar.gz")}
    extra = f"http://{index.host}/more/"
    client = IndexClient({})
    settings = IndexSettings(index_url=index.url, extra_index_urls=(extra,), retries=0)
    project = client.project("ODD", settings)
    assert [str(release.version) for release in project.releases] == ["2.0", "1.0"]
    assert project.releases[0].files[0].url == f"http://{index.host}/files/odd-2.0.tar.gz"
    assert client.project("odd", settings) is project
    assert [path for path, _, _ in index.seen] == ["/more/odd/", "/simple/odd/"]
    assert "application/vnd.pypi.simple.v1+json" in index.seen[0][1]


def test_the_login_of_an_index_is_sent(index):
    versions("odd", IndexSettings(index_url=f"http://me:secret@{index.host}/simple", retries=0))
    assert index.seen[0][2] == "Basic " + base64.b64encode(b"me:secret").decode()


def test_the_index_of_uv_is_asked_where_pip_has_none(index):
    index.pages = {"/simple/odd/": page("odd-1.0.tar.gz")}
    of_uv = FrontendIndexes(default=index.url)
    assert versions("odd", IndexSettings(retries=0, of_frontend=of_uv)) == ["1.0"]
    of_uv = FrontendIndexes("http://127.0.0.1:9", (index.url,))
    assert versions("odd", IndexSettings(index_url=index.url, retries=0, of_frontend=of_uv)) == ["1.0"]
    assert [path for path, *_ in index.seen] == ["/simple/odd/"] * 3  # the first default, then the other and its own


def test_an_unknown_project_has_no_releases(index):
    assert versions("odd", IndexSettings(index_url=index.url, retries=0)) == []


def test_neither_no_index_nor_offline_reach_the_network(index, tmp_path):
    (tmp_path / "odd-3.0.tar.gz").touch()
    (tmp_path / "odd-3.0.txt").touch()
    settings = IndexSettings(index_url=index.url, find_links=(str(tmp_path), index.url), offline=True)
    assert versions("odd", settings) == ["3.0"]
    assert versions("odd", IndexSettings(find_links=(str(tmp_path),), no_index=True)) == ["3.0"]
    assert index.seen == []


def test_find_links_may_be_pages_and_archives(index, tmp_path):
    index.pages = {"/links.html": page("odd-4.0.tar.gz", "other-1.0.tar.gz")}
    (tmp_path / "links.html").write_text('<a href="odd-5.0.zip">odd</a>', encoding="utf-8")
    links = (f"http://{index.host}/links.html", f"http://{index.host}/odd-6.0.zip", str(tmp_path / "links.html"))
    settings = IndexSettings(find_links=(*links, str(tmp_path / "none")), no_index=True, retries=0)
    project = IndexClient({}).project("odd", settings)
    assert [str(release.version) for release in project.releases] == ["6.0", "5.0", "4.0"]
    assert project.releases[1].files[0].url == f"{tmp_path.as_uri()}/odd-5.0.zip"


def test_an_index_may_be_a_directory(tmp_path):
    (tmp_path / "odd").mkdir()
    (tmp_path / "odd" / "index.html").write_text('<a href="../../files/odd-1.0.zip">odd</a>', encoding="utf-8")
    assert versions("odd", IndexSettings(index_url=tmp_path.as_uri(), offline=True)) == ["1.0"]
    assert versions("other", IndexSettings(index_url=tmp_path.as_uri(), offline=True)) == []


def test_what_fails_is_named_without_passwords(index):
    index.status = 403
    secret = f"http://me:secret@{index.host}/simple"
    with pytest.raises(NetworkError, match=r"cannot read http://\*\*\*\*@127\.0\.0\.1:\d+/simple/odd/: .* 403"):
        versions("odd", IndexSettings(index_url=secret, retries=0))
    index.pages = {"/simple/odd/": ("text/plain", "odd")}
    with pytest.raises(NetworkError, match=r"/simple/odd/: text/plain is not a page of a package index"):
        versions("odd", IndexSettings(index_url=index.url, retries=0))
