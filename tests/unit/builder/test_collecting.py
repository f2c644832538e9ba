"""The files of a lock, put into a directory."""

from __future__ import annotations

import hashlib
import os
import tarfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from fakes import interpreter
from local_server import serving
from packaging.pylock import Pylock
from packaging.tags import Tag

from accel_doctor.builder.collecting import Collector, with_projects_archived
from accel_doctor.errors import RequirementsError, UsageError
from accel_doctor.model.requests import IndexSettings, InstallRequest, RequirementLine

BYTES = b"a wheel"
SHA256 = hashlib.sha256(BYTES).hexdigest()


class Index(ThreadingHTTPServer):
    """Serves BYTES under every name; ``seen`` has the names."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.seen: list[str] = []
        self.url = f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    server: Index

    def do_GET(self) -> None:
        self.server.seen.append(self.path)
        self.send_response(200)
        self.send_header("Content-Length", str(len(BYTES)))
        self.end_headers()
        self.wfile.write(BYTES)

    def log_message(self, *arguments: object) -> None:
        pass


@pytest.fixture
def server():
    made = Index()
    with serving(made):
        yield made


@pytest.fixture
def collect(tmp_path):
    def collect(*packages: dict[str, object]) -> list[str]:
        lock = Pylock.from_dict({"lock-version": "1.0", "created-by": "test", "packages": list(packages)})
        collector = Collector([Tag("py3", "none", "any")], interpreter().environment, {}, IndexSettings(retries=0))
        return [path.name for path in collector.collect(lock, tmp_path / "out")]

    return collect


def wheel(name: str, sha256: str = SHA256, **where: str) -> dict[str, object]:
    entry = {"name": f"{name}-1-py3-none-any.whl", **where, "hashes": {"sha256": sha256}}
    return {"name": name, "version": "1", "wheels": [entry]}


def test_wheels_are_downloaded_sources_where_there_are_none_and_built_ones_are_copied(collect, server, tmp_path):
    (built := tmp_path / "store").mkdir()
    (built / "b-1-py3-none-any.whl").write_bytes(BYTES)
    sdist = {"url": f"{server.url}/c-1.tar.gz", "hashes": {"sha256": SHA256}}
    packages = (
        wheel("a", url=f"{server.url}/a-1-py3-none-any.whl"),
        wheel("b", path=str(built / "b-1-py3-none-any.whl")),
        {"name": "c", "version": "1", "sdist": sdist},
        {**wheel("d", url=f"{server.url}/d-1-py3-none-any.whl"), "marker": "sys_platform == 'win32'"},
    )
    names = ["a-1-py3-none-any.whl", "b-1-py3-none-any.whl", "c-1.tar.gz"]
    assert collect(*packages) == names
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == names
    assert {path.read_bytes() for path in (tmp_path / "out").iterdir()} == {BYTES}
    assert not (tmp_path / "out/b-1-py3-none-any.whl").samefile(built / "b-1-py3-none-any.whl")
    assert sorted(server.seen) == ["/a-1-py3-none-any.whl", "/c-1.tar.gz"]
    server.seen.clear()
    assert collect(*packages) == names  # what is there already is not downloaded again
    assert server.seen == []


def test_a_damaged_file_is_replaced_and_a_symlink_is_not_written_through(collect, server, tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "mine").write_text("mine")
    (tmp_path / "out/a-1-py3-none-any.whl").symlink_to(tmp_path / "mine")
    collect(wheel("a", url=f"{server.url}/a-1-py3-none-any.whl"))
    assert (tmp_path / "mine").read_text() == "mine"
    assert not (tmp_path / "out/a-1-py3-none-any.whl").is_symlink()


def test_another_hash_leaves_nothing(collect, server, tmp_path):
    with pytest.raises(RequirementsError, match=r"^a 1: SHA-256 mismatch for "):
        collect(wheel("a", "0" * 64, url=f"{server.url}/a-1-py3-none-any.whl"))
    assert list((tmp_path / "out").iterdir()) == []


def test_what_is_no_file(collect):
    with pytest.raises(RequirementsError) as caught:
        collect({"name": "a", "directory": {"path": "/a"}})
    assert caught.value.message == "a is no file to download: it is a repository or a directory"
    assert caught.value.hint == "accel-doctor wheel builds a wheel of it"


def test_a_directory_that_cannot_be_made(collect, tmp_path):
    (tmp_path / "out").write_text("")
    with pytest.raises(UsageError, match=r"^cannot write to .*/out: File exists$"):
        collect()


def archived(project: Path, work: Path, text: str) -> tuple[RequirementLine, list[str]]:
    work.mkdir(exist_ok=True)
    request = InstallRequest((RequirementLine("six", "x", name="six"), RequirementLine(text, "x", editable=True)))
    plain, line = with_projects_archived(request, work).requirements
    assert plain == request.requirements[0]
    place = next(path for path in sorted(work.rglob("*.tar.gz")) if str(path) in line.text)
    with tarfile.open(place) as archive:
        return line, archive.getnames()


def test_a_project_becomes_an_archive_without_environments(tmp_path):
    project = tmp_path / "app"
    for name in (
        "pyproject.toml",
        "src/app.py",
        ".git/HEAD",
        ".venv/pyvenv.cfg",
        ".venv/bin/x",
        "src/__pycache__/a.pyc",
    ):
        (project / name).parent.mkdir(parents=True, exist_ok=True)
        (project / name).write_text("")
    (project / "linked").symlink_to("src")
    line, names = archived(project, tmp_path / "work", f"{project}[dev] ; python_version > '3'")
    assert line.text.endswith("/app.tar.gz[dev] ; python_version > '3'")
    assert line.editable is False
    assert sorted(names) == ["source/.git/HEAD", "source/linked", "source/pyproject.toml", "source/src/app.py"]


def test_the_same_project_makes_the_same_archive(tmp_path):
    (project := tmp_path / "app").mkdir()
    for time in (1, 10**9):
        (project / "setup.py").write_text("")
        os.utime(project / "setup.py", (time, time))
        archived(project, tmp_path / f"work{time}", str(project))
    made = [path.read_bytes() for path in tmp_path.rglob("*.tar.gz")]
    assert len(made) == 2
    assert made[0] == made[1]
