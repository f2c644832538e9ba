"""moto's S3 server on loopback, as a process of its own."""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

CREDENTIALS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}


@contextmanager
def moto_server() -> Iterator[str]:
    """The URL of a server with two buckets: ``bucket``, and ``public``, which anybody may read and write."""
    import httpx

    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    url = f"http://127.0.0.1:{port}"
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        assert process.stdout is not None
        said = []
        for line in process.stdout:
            said.append(line)
            if "Running on" in line:
                break
        else:
            raise AssertionError("moto's server did not start:\n" + "".join(said))
        draining = threading.Thread(target=process.stdout.read)  # a full pipe would stop the server
        draining.start()
        try:
            with httpx.Client(transport=httpx.HTTPTransport(retries=5)) as client:
                client.put(f"{url}/bucket").raise_for_status()
                client.put(f"{url}/public", headers={"x-amz-acl": "public-read-write"}).raise_for_status()
            yield url
        finally:
            process.kill()
            draining.join()
