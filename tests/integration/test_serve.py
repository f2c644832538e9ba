"""``accel-doctor serve`` between real pip and uv and an upstream that does what the test wants."""

from __future__ import annotations

import hashlib
import http.client
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator

import pytest
from index_pages import publish, serve_index
from integration.wheel_sources import make_sdist
from level_server import LevelServer, answering, drop_half_way, hang, level_server
from serving_index import CLEAN, get, index, installed, pip, run, uv
from tiny_wheel import write_tiny_wheel


@pytest.fixture
def upstream(tmp_path) -> Iterator[LevelServer]:
    (tmp_path / "wheels").mkdir()
    with level_server() as server:
        server.behaviours = [serve_index]
        publish(server, "tiny", write_tiny_wheel(tmp_path / "wheels", {"tiny.py": b"x = 1\n"}))
        yield server


def test_what_was_installed_once_installs_while_the_upstream_fails(upstream, tmp_path):
    office_data, local_data = tmp_path / "office", tmp_path / "local"
    with index(office_data, "--upstream", f"{upstream.url}/simple/") as office:
        with index(local_data, "--upstream", office.url) as local:
            assert local.told == [
                f"serving {local.url}  (data: {local_data}, upstream: {office.url})\n",
                f"  pip: pip config set global.index-url {local.url}   or PIP_INDEX_URL={local.url}\n",
                f"  uv:  UV_DEFAULT_INDEX={local.url}\n",
            ]
            installed(pip(local.url, tmp_path / "1"), tmp_path / "1")
            installed(uv(local.url, tmp_path / "2"), tmp_path / "2")
            packages = [path for path, _ in upstream.seen if path.startswith("/packages/")]
            assert packages == ["/packages/tiny-1.0-py3-none-any.whl"]
            for number, failing in enumerate((answering(503), answering(404), hang)):
                upstream.behaviours = [failing]
                installed(uv(local.url, tmp_path / f"3{number}"), tmp_path / f"3{number}")
            assert office.stop(signal.SIGKILL) == -signal.SIGKILL
            installed(uv(local.url, tmp_path / "4"), tmp_path / "4")
            assert local.stop() == 0
        with index(local_data, "--upstream", office.url) as local:
            installed(uv(local.url, tmp_path / "5"), tmp_path / "5")
        with index(local_data, "--offline") as local:
            installed(pip(local.url, tmp_path / "6"), tmp_path / "6")
            assert "never-seen" in uv(local.url, tmp_path / "7", "never-seen").stderr


def test_what_is_published_above_is_soon_seen_below(upstream, tmp_path):
    with (
        index(tmp_path / "office", "--upstream", f"{upstream.url}/simple/") as office,
        index(tmp_path / "local", "--upstream", office.url) as local,
    ):
        installed(uv(local.url, tmp_path / "1"), tmp_path / "1")
        assert uv(local.url, tmp_path / "2", "tiny==2.0").returncode
        wheels = [write_tiny_wheel(tmp_path / "wheels", {}, version) for version in ("1.0", "2.0")]
        publish(upstream, "tiny", *wheels)
        promised = time.monotonic() + 5
        while (done := uv(local.url, tmp_path / "3", "tiny==2.0")).returncode and time.monotonic() < promised:
            time.sleep(0.3)
        installed(done, tmp_path / "3", "2.0")


def test_claimed_names_come_from_nowhere_else(upstream, tmp_path):
    with index(tmp_path / "data", "--upstream", f"{upstream.url}/simple/", "--claim", "ti*") as running:
        assert "tiny was not found in the package registry" in uv(running.url, tmp_path / "1").stderr
        told = {path: get(running, path) for path in ("health", "ready", "metrics")}
        assert (told["health"], told["ready"]) == ("ok\n", "ready\n")
        assert 'accel_doctor_index_requests_total{kind="page",method="GET",status="404"} 1.0' in told["metrics"]
    assert upstream.seen == []


def test_a_broken_file_never_looks_whole(upstream, tmp_path):
    """Neither one that is cut nor one with other bytes is kept, and the connection of whoever waits is cut."""
    name = "big-1.0.tar.gz"
    (tmp_path / name).write_bytes(os.urandom(3 << 20))
    publish(upstream, "big", tmp_path / name)
    content = upstream.objects[f"/packages/{name}"]
    with index(tmp_path / "data", "--upstream", f"{upstream.url}/simple/") as running:
        page = urllib.request.urlopen(f"{running.url}big/").read().decode()
        url = f"http://127.0.0.1:{running.port}/{page.partition('../../')[2].partition('#')[0]}"
        upstream.objects[f"/packages/{name}"] = bytes([content[0] ^ 1]) + content[1:]
        with pytest.raises((http.client.IncompleteRead, OSError)):
            urllib.request.urlopen(url).read()
        upstream.behaviours = [drop_half_way]
        with pytest.raises((http.client.IncompleteRead, OSError)):
            urllib.request.urlopen(url).read()
        upstream.objects[f"/packages/{name}"], upstream.behaviours = content, [serve_index]
        assert hashlib.sha256(urllib.request.urlopen(url).read()).hexdigest() in url
        upstream.behaviours = [answering(503)]
        assert (
            urllib.request.urlopen(urllib.request.Request(url, headers={"Range": "bytes=5-9"})).read() == content[5:10]
        )


def test_a_wheel_that_was_built_is_chosen_instead_of_its_sdist(upstream, tmp_path):
    publish(upstream, "grown", make_sdist(tmp_path, "grown"))
    environment = tmp_path / "environment"
    variables = {**CLEAN, "BUILDS_COUNTED_IN": os.devnull, "ACCEL_DOCTOR_CACHE_DIR": str(tmp_path / "cache")}
    doctor = [sys.executable, "-m", "accel_doctor"]
    made = run([sys.executable, "-m", "uv", "venv", "-q", "--python", sys.executable, str(environment)])
    assert made.returncode == 0, made.stderr
    with index(tmp_path / "data", "--upstream", f"{upstream.url}/simple/", "--by-client") as running:
        install = [*doctor, "install", "-i", running.url, "--no-system", "--python", str(environment), "grown"]
        done = subprocess.run(install, env=variables, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        (own,) = environment.glob("lib/python*/site-packages/grown.bin")
        printed = subprocess.run([*doctor, "index-url", running.url], stdout=subprocess.PIPE, text=True, check=True)
        url = printed.stdout.strip()
        assert url.startswith(running.url.removesuffix("simple/"))
        assert url.endswith("/simple/")
        time.sleep(2.1)  # the store is looked at again
        for number, (client, address) in enumerate(((uv, url), (uv, running.url), (pip, running.url))):
            done = client(address, tmp_path / str(number), "grown")
            assert done.returncode == 0, done.stderr
            assert (tmp_path / str(number) / "grown.bin").read_bytes() == own.read_bytes()
        names = urllib.request.urlopen(f"{url}grown/").read().decode()
        assert "grown-1.0.tar.gz</a>" in names
        assert ".whl" not in urllib.request.urlopen(f"{running.url}grown/").read().decode()


def test_an_address_that_is_taken_is_told(tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        command = [sys.executable, "-m", "accel_doctor", "serve", "--port", port, "--data", str(tmp_path / "data")]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (
        2,
        f"error: cannot listen on 127.0.0.1:{port}: Address already in use\n"
        "hint: choose another address with --host and --port\n",
    )
