"""``accel-doctor serve``: poetry and pdm, and a server that is killed again and again."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
import threading
import urllib.request
from pathlib import Path

import pytest
from index_pages import publish, serve_index
from level_server import answering, level_server
from serving_index import CLEAN, Index, index
from tiny_wheel import write_tiny_wheel
from uv import find_uv_bin

pytestmark = pytest.mark.long

PROJECT = """\
[project]
name = "asks"
version = "1.0"
requires-python = ">={python}"
dependencies = ["tiny"]

[[tool.{tool}.source]]
name = "{name}"
url = "{url}"
"""
PYTHON = ".".join(map(str, sys.version_info[:2]))


@pytest.mark.parametrize(("tool", "name"), [("poetry", "here"), ("pdm", "pypi")])
def test_poetry_and_pdm_install_while_the_upstream_is_down(tool, name, tmp_path):
    (tmp_path / "wheels").mkdir()
    with level_server() as upstream, index(tmp_path / "data", "--upstream", f"{upstream.url}/simple/") as running:
        upstream.behaviours = [serve_index]
        publish(upstream, "tiny", write_tiny_wheel(tmp_path / "wheels", {"tiny.py": b"x = 1\n"}))
        for attempt in ("first", "second"):
            project = tmp_path / attempt
            project.mkdir()
            text = PROJECT.format(tool=tool, name=name, url=running.url, python=PYTHON)
            (project / "pyproject.toml").write_text(text)
            done = _installed_by(tool, project)
            assert done.returncode == 0, done.stdout + done.stderr
            assert list(project.glob(".venv/lib/python*/site-packages/tiny-1.0.dist-info"))
            upstream.behaviours = [answering(503)]


def _installed_by(tool: str, project: Path) -> subprocess.CompletedProcess[str]:
    environment = {
        **CLEAN,
        "XDG_STATE_HOME": str(project / "state"),
        "POETRY_CACHE_DIR": str(project / "cache"),
        "POETRY_VIRTUALENVS_IN_PROJECT": "true",
        "PDM_CACHE_DIR": str(project / "cache"),
        "PDM_CHECK_UPDATE": "false",
        "PDM_IGNORE_ACTIVE_VENV": "true",
    }
    options = {"poetry": ["install", "--no-root"], "pdm": ["install", "--no-self"]}[tool]
    # The newest unearth and hishel are not what this PDM was made for. Not python -m uv: it tells its children of this
    # environment, which they would fill.
    further = ["--from", "pdm==2.26.2", "--with", "unearth<0.18", "--with", "hishel<1"] if tool == "pdm" else []
    command = [find_uv_bin(), "tool", "run", "--python", sys.executable, *further, tool, *options]
    return subprocess.run(command, cwd=project, env=environment, capture_output=True, text=True)


def test_a_server_that_is_killed_leaves_no_torn_file(tmp_path):
    """30 times, while four clients fetch."""
    contents = {f"big-{number}.0.tar.gz": os.urandom(200_000 + number) for number in range(12)}
    for filename, content in contents.items():
        (tmp_path / filename).write_bytes(content)
    data = tmp_path / "data"
    with level_server() as upstream:
        upstream.behaviours = [serve_index]
        publish(upstream, "big", *(tmp_path / filename for filename in contents))
        for turn in range(30):
            running = Index(data, "--upstream", f"{upstream.url}/simple/", "--max-size", "1500kB")
            names = list(contents)[turn % 12 :] + list(contents)[: turn % 12]
            clients = [
                threading.Thread(target=_fetch, args=(running, contents, names[offset::4])) for offset in range(4)
            ]
            for client in clients:
                client.start()
            clients[0].join(0.02 * (turn % 10))
            running.stop(signal.SIGKILL)
            for client in clients:
                client.join()
            running.process.communicate()
        _check_whole(data)
        with index(data, "--upstream", f"{upstream.url}/simple/") as running:
            _fetch(running, contents, list(contents), strict=True)
            assert list((data / "files" / "unfinished").iterdir()) == []
    _check_whole(data)


def _fetch(running: Index, contents: dict[str, bytes], names: list[str], strict: bool = False) -> None:
    for name in names:
        key = hashlib.sha256(contents[name]).hexdigest()
        try:
            got = urllib.request.urlopen(f"http://127.0.0.1:{running.port}/files/big/{key}/{name}", timeout=30).read()
        except Exception:
            if strict:
                raise
            return  # killed
        assert got == contents[name]


def _check_whole(data: Path) -> None:
    for file in data.glob("files/*/*/content"):
        assert hashlib.sha256(file.read_bytes()).hexdigest() == file.parent.name
