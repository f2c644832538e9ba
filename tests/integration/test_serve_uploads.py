"""Real clients publish to ``accel-doctor serve``, and real clients install what they published."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
import tarfile
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

import pytest
from index_pages import publish, serve_index
from level_server import level_server
from serving_index import CLEAN, index, installed, pip, uv
from tiny_wheel import write_tiny_wheel
from uploaded_files import special, tiny_sdist

PYPROJECT = """
[build-system]
requires = ["flit_core >=3.12,<5"]
build-backend = "flit_core.buildapi"
[project]
name = "tiny"
version = "1.0"
description = "nothing"
[tool.poetry]
packages = [{include = "tiny.py"}]
"""


def new_token(data: Path, *patterns: str) -> str:
    command = [sys.executable, "-m", "accel_doctor", "serve", "token", "add", "--data", str(data), *patterns]
    return subprocess.run(command, check=True, capture_output=True, text=True, env=CLEAN).stdout.strip()


def twine(url: str, token: str, *files: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "twine", "upload", "--non-interactive", "--disable-progress-bar", "--verbose"]
    login = {"TWINE_USERNAME": "__token__", "TWINE_PASSWORD": token, "COLUMNS": "200", "NO_COLOR": "1"}
    return _run([*command, "--repository-url", url, *map(str, files)], login)


def uv_publish(url: str, token: str, *files: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "uv", "publish", "--no-config", "--publish-url", url]
    return _run([*command, *map(str, files)], {"UV_PUBLISH_TOKEN": token, "UV_HTTP_RETRIES": "0"})


def told(done: subprocess.CompletedProcess[str]) -> str:
    """Return what a client printed, without its line breaks."""
    return " ".join((done.stdout + done.stderr).split())


def _run(
    command: list[str], variables: dict[str, str], directory: Path | None = None
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, env={**CLEAN, **variables}, cwd=directory)


def test_twine_and_uv_publish_and_all_levels_have_it(tmp_path):
    """The name is served without its upstream, which cannot be reached."""
    data = tmp_path / "office"
    dead = "http://127.0.0.1:9/simple/"
    with index(data, "--upstream", dead) as office, index(tmp_path / "local", "--upstream", office.url) as local:
        token, url = new_token(data, "tiny"), office.url.replace("/simple/", "/legacy/")
        with pytest.raises(urllib.error.HTTPError, match="502"):
            urllib.request.urlopen(f"{local.url}tiny/")
        done = twine(url, token, write_tiny_wheel(tmp_path, {"tiny.py": b"x = 1\n"}))
        assert done.returncode == 0, done.stdout
        done = uv_publish(url, token, write_tiny_wheel(tmp_path, {}, "2.0"), tiny_sdist(tmp_path))
        assert done.returncode == 0, done.stderr
        promised = time.monotonic() + 5
        while (done := uv(local.url, tmp_path / "1")).returncode and time.monotonic() < promised:
            time.sleep(0.3)
        installed(done, tmp_path / "1", "2.0")
        installed(pip(office.url, tmp_path / "2", "tiny==1.0"), tmp_path / "2")
        assert office.stop(signal.SIGKILL) == -signal.SIGKILL
    with index(data, "--upstream", dead) as office:
        installed(uv(office.url, tmp_path / "3"), tmp_path / "3", "2.0")
        assert office.stop() == 0


def test_pip_and_uv_read_a_private_index_with_a_token(tmp_path):
    data = tmp_path / "data"
    with index(data, "--offline", "--private") as running:
        token = new_token(data, "tiny")
        url = running.url.replace("/simple/", "/legacy/")
        assert uv_publish(url, token, write_tiny_wheel(tmp_path, {})).returncode == 0
        logged_in = running.url.replace("http://", f"http://__token__:{new_token(data, '*', '--read')}@")
        installed(pip(logged_in, tmp_path / "1"), tmp_path / "1")
        installed(uv(logged_in, tmp_path / "2"), tmp_path / "2")
        assert uv(running.url, tmp_path / "3").returncode


def test_a_higher_version_above_does_not_replace_a_private_package(tmp_path):
    data, above = tmp_path / "data", tmp_path / "above"
    above.mkdir()
    with level_server() as server:
        server.behaviours = [serve_index]
        publish(server, "tiny", write_tiny_wheel(above, {}, "99.0"))
        with index(data, "--upstream", f"{server.url}/simple/") as running:
            installed(uv(running.url, tmp_path / "1"), tmp_path / "1", "99.0")
            asked = len(server.seen)
            url = running.url.replace("/simple/", "/legacy/")
            assert uv_publish(url, new_token(data, "tiny"), write_tiny_wheel(tmp_path, {})).returncode == 0
            installed(uv(running.url, tmp_path / "2"), tmp_path / "2", "1.0")
            installed(pip(running.url, tmp_path / "3"), tmp_path / "3", "1.0")
            assert "99.0" in uv(running.url, tmp_path / "4", "tiny==99.0").stderr
        assert len(server.seen) == asked


def test_clients_show_why_an_upload_was_refused(tmp_path):
    data = tmp_path / "data"
    with index(data, "--offline") as running:
        url = running.url.replace("/simple/", "/legacy/")
        sdist = tiny_sdist(tmp_path, [special("tiny-1.0/x", tarfile.SYMTYPE, "../../etc")])
        shown = "'tiny-1.0/x' is a link that leads out of the archive"
        assert shown in told(twine(url, new_token(data, "*"), sdist))
        assert shown in told(uv_publish(url, new_token(data, "*"), sdist))
        scope = "this token is not for tiny, but for acme-*"
        assert scope in told(uv_publish(url, new_token(data, "acme-*"), tiny_sdist(tmp_path)))
    assert list((data / "uploads").rglob("content")) == []


def kill_while_publishing(tmp_path: Path, times: int) -> None:
    """Expect that each wheel is there whole if its upload was acknowledged, and can be published again if not."""
    data = tmp_path / "data"
    wheels = [write_tiny_wheel(tmp_path, {"tiny.py": os.urandom(1 << 20)}, f"{number}.0") for number in range(6)]
    token = new_token(data, "tiny")
    acknowledged: set[str] = set()
    for number in range(times):
        with index(data, "--offline") as running:
            server = threading.Timer(0.02 + number % 10 * 0.03, running.process.kill)
            server.start()
            wheel = wheels[number % len(wheels)]
            if uv_publish(running.url.replace("/simple/", "/legacy/"), token, wheel).returncode == 0:
                acknowledged.add(wheel.name)
            server.join()
    with index(data, "--offline") as running:
        url = running.url.replace("/simple/", "/legacy/")
        page = (
            json.loads(
                urllib.request.urlopen(
                    urllib.request.Request(
                        f"{running.url}tiny/", headers={"Accept": "application/vnd.pypi.simple.v1+json"}
                    )
                ).read()
            )
            if acknowledged
            else {"files": []}
        )
        listed = {file["filename"]: file for file in page["files"]}
        assert acknowledged <= listed.keys()
        for file in page["files"]:
            content = urllib.request.urlopen(urllib.parse.urljoin(f"{running.url}tiny/", file["url"])).read()
            assert hashlib.sha256(content).hexdigest() == file["hashes"]["sha256"]
        assert uv_publish(url, token, *wheels).returncode == 0
        installed(uv(running.url, tmp_path / "target"), tmp_path / "target", "5.0")


def test_what_was_acknowledged_survives_a_kill(tmp_path):
    kill_while_publishing(tmp_path, 6)


@pytest.mark.long
def test_what_was_acknowledged_survives_a_hundred_kills(tmp_path):
    kill_while_publishing(tmp_path, 100)


@pytest.mark.long
@pytest.mark.parametrize("tool", ["flit", "poetry", "pdm"])
def test_flit_poetry_and_pdm_publish(tmp_path, tool):
    environment = tmp_path / tool
    subprocess.run([sys.executable, "-m", "uv", "venv", "-q", str(environment)], check=True)
    python = environment / "bin/python"
    packages = ["pdm==2.26.2", "unearth<0.18", "hishel<1"] if tool == "pdm" else [tool]
    subprocess.run([sys.executable, "-m", "uv", "pip", "install", "-q", "--python", str(python), *packages], check=True)
    project, data = tmp_path / "project", tmp_path / "data"
    project.mkdir()
    (project / "pyproject.toml").write_text(PYPROJECT)
    (project / "tiny.py").write_text('"""Nothing."""\nx = 1\n')
    with index(data, "--offline") as running:
        token, url = new_token(data, "tiny"), running.url.replace("/simple/", "/legacy/")
        subprocess.run([sys.executable, "-m", "uv", "build", "-q"], check=True, cwd=project)
        (project / "dist/.gitignore").unlink()  # pdm would publish it
        home = {"HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path), "PATH": os.environ["PATH"]}
        login = {"FLIT_INDEX_URL": url, "FLIT_USERNAME": "__token__", "FLIT_PASSWORD": token}
        login |= {"POETRY_REPOSITORIES_OWN_URL": url, "POETRY_HTTP_BASIC_OWN_USERNAME": "__token__"}
        login |= {"POETRY_HTTP_BASIC_OWN_PASSWORD": token, "PDM_PUBLISH_REPO": url}
        login |= {"PDM_PUBLISH_USERNAME": "__token__", "PDM_PUBLISH_PASSWORD": token}
        words = {"flit": ["publish"], "poetry": ["publish", "-r", "own"], "pdm": ["publish", "--no-build"]}[tool]
        done = _run([str(python), "-m", tool, *words], {**home, **login}, project)
        assert done.returncode == 0, done.stdout + done.stderr
        installed(uv(running.url, tmp_path / "1"), tmp_path / "1")


@pytest.mark.long
def test_large_uploads_need_little_memory(tmp_path):
    data = tmp_path / "data"
    wheel = write_tiny_wheel(tmp_path, {"tiny.bin": os.urandom(300 << 20)})
    with index(data, "--offline") as running:
        token, url = new_token(data, "tiny"), running.url.replace("/simple/", "/legacy/")
        done = uv_publish(url, token, wheel)
        assert done.returncode == 0, done.stderr
        status = Path(f"/proc/{running.process.pid}/status").read_text()
        peak = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM"))
        assert peak < 200_000, f"{peak} kB"
