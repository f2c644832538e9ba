"""``install -r https://…``: pip's options for connections hold for requirement files too."""

from __future__ import annotations

import subprocess
import sys

import pytest
from tls_server import tls_server


def install(home, *arguments, **variables):
    """Return what ``install --no-index`` says of a requirement that nothing offers."""
    return subprocess.run(
        [sys.executable, "-m", "accel_doctor", "install", "--dry-run", "--no-index", "--python", sys.executable,
         "--retries", "0", *arguments],
        env={"PATH": "/usr/bin:/bin", "HOME": str(home), **variables},
        cwd=home,
        capture_output=True,
        text=True,
    ).stderr  # fmt: skip


@pytest.fixture
def server(tmp_path):
    with tls_server(tmp_path, b"not-there-at-all\n") as server:
        yield server


@pytest.mark.parametrize("how", ["--cert", "PIP_CERT", "pip.conf", "--trusted-host"])
def test_its_server_is_trusted_as_options_and_configuration_say(server, tmp_path, how):
    url = f"{server.url}/requirements.txt"
    (tmp_path / "pip.conf").write_text(f"[global]\ncert = {server.authority}\n")
    arguments, variables = {
        "--cert": (["--cert", server.authority], {}),
        "PIP_CERT": ([], {"PIP_CERT": str(server.authority)}),
        "pip.conf": ([], {"PIP_CONFIG_FILE": str(tmp_path / "pip.conf")}),
        "--trusted-host": (["--trusted-host", "127.0.0.1"], {}),
    }[how]
    assert "not-there-at-all" in install(tmp_path, "-r", url, *arguments, **variables)


def test_without_them_it_is_not_trusted(server, tmp_path):
    said = install(tmp_path, "-r", f"{server.url}/requirements.txt")
    assert f"cannot read the requirements file: {server.url}/requirements.txt: [SSL: CERTIFICATE_VERIFY_FAILED]" in said
    assert server.seen == []


def test_netrc_and_retries_hold(server, tmp_path):
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login me password pw\n")
    server.answers = [503]
    said = install(tmp_path, "--cert", server.authority, "-r", f"{server.url}/requirements.txt", "--retries", "1")
    assert "not-there-at-all" in said
    assert [authorization for _, authorization in server.seen] == ["Basic bWU6cHc="] * 2
