"""The level in Azure Blob Storage, on azurite (``npm install -g azurite``), where it is installed."""

from __future__ import annotations

import base64
import hashlib
import hmac
import shutil
import socket
import subprocess
from email.utils import formatdate

import pytest

pytest.importorskip("obstore", reason="the extra [remote] is not installed")

from accel_doctor.errors import LevelError
from accel_doctor.store.levels.opening import open_level

ACCOUNT = "devstoreaccount1"
# The emulator's own, the same everywhere: https://learn.microsoft.com/azure/storage/common/storage-use-azurite
KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
VERSION = "2021-08-06"


@pytest.fixture(scope="module")
def azurite(tmp_path_factory):
    program = shutil.which("azurite-blob")
    if program is None:
        pytest.skip("azurite is not installed")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [program, "--blobPort", str(port), "--location", str(tmp_path_factory.mktemp("azurite")),
               "--skipApiVersionCheck", "--silent"]  # fmt: skip
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            assert any("successfully listens" in line for line in process.stdout)
            endpoint = f"http://127.0.0.1:{port}/{ACCOUNT}"
            make_container(endpoint, "wheels")
            yield endpoint
        finally:
            process.kill()


def make_container(endpoint: str, name: str) -> None:
    """https://learn.microsoft.com/rest/api/storageservices/authorize-with-shared-key"""
    import httpx

    date = formatdate(usegmt=True)
    signed = (
        f"PUT{chr(10) * 12}x-ms-date:{date}\nx-ms-version:{VERSION}\n/{ACCOUNT}/{ACCOUNT}/{name}\nrestype:container"
    )
    signature = base64.b64encode(hmac.digest(base64.b64decode(KEY), signed.encode(), hashlib.sha256)).decode()
    headers = {"x-ms-date": date, "x-ms-version": VERSION, "Authorization": f"SharedKey {ACCOUNT}:{signature}"}
    httpx.put(f"{endpoint}/{name}?restype=container", headers=headers).raise_for_status()


@pytest.mark.parametrize("size", [7, 6 << 20])  # whole, and in parts
def test_what_was_sent_comes_back(azurite, tmp_path, monkeypatch, size):
    monkeypatch.setenv("AZURE_STORAGE_ACCOUNT_KEY", KEY)
    level = open_level(
        f"az://wheels/some/prefix?account={ACCOUNT}&endpoint={azurite}", {"AZURE_STORAGE_ACCOUNT_KEY": KEY}, tmp_path
    )
    (tmp_path / "source").write_bytes(b"x" * size)
    level.send("wheels/v2/ab/x.whl", tmp_path / "source")
    assert level.fetch("wheels/v2/ab/x.whl", tmp_path / "target", size) is True
    assert (tmp_path / "target").read_bytes() == b"x" * size
    assert level.fetch("wheels/v2/ab/none", tmp_path / "target", size) is False


def test_a_container_that_is_not_there_is_trouble(azurite, tmp_path, monkeypatch):
    monkeypatch.setenv("AZURE_STORAGE_ACCOUNT_KEY", KEY)
    address = f"az://absent?account={ACCOUNT}&endpoint={azurite}"
    with pytest.raises(LevelError, match="^no such bucket$"):
        open_level(address, {"AZURE_STORAGE_ACCOUNT_KEY": KEY}, tmp_path).fetch("x", tmp_path / "target", 10)
