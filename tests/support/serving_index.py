"""``accel-doctor serve`` as a process, and the clients that install from it."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

CLEAN = {name: value for name, value in os.environ.items() if not name.startswith(("PIP_", "UV_"))}


class Index:
    """A running server, on a port of its own."""

    def __init__(self, directory: Path, *options: str) -> None:
        with socket.socket() as chosen:
            chosen.bind(("127.0.0.1", 0))
            self.port = chosen.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}/simple/"
        command = [sys.executable, "-m", "accel_doctor", "serve", "--port", str(self.port), "--data", str(directory)]
        environment = {**CLEAN, "ACCEL_DOCTOR_CACHE_DIR": str(directory.parent / "cache")}
        self.process = subprocess.Popen([*command, *options], stdout=subprocess.PIPE, text=True, env=environment)
        assert self.process.stdout is not None
        self.told = [self.process.stdout.readline() for _ in range(3)]

    def stop(self, number: int = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        return self.process.wait(30)


@contextmanager
def index(directory: Path, *options: str) -> Iterator[Index]:
    running = Index(directory, *options)
    try:
        yield running
    finally:
        running.process.kill()
        running.process.communicate()


def pip(url: str, target: Path, requirement: str = "tiny") -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pip", "install", "-q", "--no-cache-dir", "--no-deps", "--retries=0"]
    return run([*command, "-i", url, "--target", str(target), requirement])


def uv(url: str, target: Path, requirement: str = "tiny") -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "uv", "pip", "install", "-q", "--no-config", "--no-cache"]
    return run([*command, "--default-index", url, "--target", str(target), requirement])


def get(running: Index, path: str) -> str:
    with urllib.request.urlopen(f"http://127.0.0.1:{running.port}/-/{path}") as answer:
        content: bytes = answer.read()
    return content.decode()


def run(command: list[str]) -> subprocess.CompletedProcess[str]:
    environment = {
        **CLEAN,
        "PIP_CONFIG_FILE": os.devnull,
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "UV_HTTP_TIMEOUT": "60",
    }
    return subprocess.run(command, capture_output=True, text=True, env=environment)


def installed(done: subprocess.CompletedProcess[str], target: Path, version: str = "1.0") -> None:
    assert done.returncode == 0, done.stderr
    assert [path.name for path in target.glob("*.dist-info")] == [f"tiny-{version}.dist-info"]
