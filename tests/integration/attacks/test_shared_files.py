"""An edit in one environment does not reach the next, though both have links to the same files."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tiny_wheel import write_tiny_wheel

CONTENT = b"value = 1\n"


@pytest.fixture
def run(tmp_path):
    """A command of ours, with caches below tmp_path, and a wheel to install."""
    write_tiny_wheel(tmp_path, {"tiny.py": CONTENT})
    variables = {**os.environ, "UV_CACHE_DIR": str(tmp_path / "uv"), "UV_LINK_MODE": "hardlink", "HOME": str(tmp_path)}

    def run(*words: str, **more: str) -> str:
        argv = [sys.executable, "-m", "accel_doctor", *words, "--cache-dir", str(tmp_path / "cache")]
        done = subprocess.run(argv, env=variables | more, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stderr

    return run


def installed(run, tmp_path: Path, name: str) -> tuple[Path, str]:
    uv = [sys.executable, "-m", "uv", "venv", "-q", "--python", sys.executable, str(tmp_path / name)]
    subprocess.run(uv, check=True)
    said = run("install", "--no-index", "--find-links", str(tmp_path), "--python", str(tmp_path / name), "tiny")
    (module,) = (tmp_path / name).glob("lib/python*/site-packages/tiny.py")
    return module, said


def test_an_edit_in_place_is_told_and_does_not_reach_the_next(run, tmp_path):
    module, said = installed(run, tmp_path, "one")
    assert "edited" not in said
    assert module.stat().st_nlink > 1
    with module.open("ab") as stream:
        stream.write(b"value = 2\n")
    later = time.time() + 100
    os.utime(module, (later, later))
    other, said = installed(run, tmp_path, "two")
    assert other.read_bytes() == CONTENT
    assert "edited in another environment, through links into uv's cache: tiny; unpacking again" in said
    assert module.read_bytes() == CONTENT + b"value = 2\n"
    third, said = installed(run, tmp_path, "three")
    assert (third.read_bytes(), "edited" in said) == (CONTENT, False)


def test_restored_environments_are_copied_if_asked(run, tmp_path):
    (tmp_path / "requirements.txt").write_text(f"--no-index\n--find-links {tmp_path}\ntiny\n")
    run("env", "sync", UV_LINK_MODE="copy")
    (module,) = (tmp_path / ".venv").glob("lib/python*/site-packages/tiny.py")
    assert module.stat().st_nlink == 1
    found = module.stat()
    module.write_bytes(CONTENT.replace(b"1", b"2"))
    os.utime(module, ns=(found.st_mtime_ns, found.st_mtime_ns))  # neither size nor time tells
    run("env", "sync", UV_LINK_MODE="copy")
    (module,) = (tmp_path / ".venv").glob("lib/python*/site-packages/tiny.py")
    assert module.read_bytes() == CONTENT
