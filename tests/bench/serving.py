"""``accel-doctor serve`` beside proxpi and peryx: a page of some thousand files, and a file, warm.

    python tests/bench/serving.py [SECONDS] [CONNECTIONS]

Needs wrk (Debian's package), PyPI as the upstream of all, and uv, which fetches the others. They take turns on one
machine. Prints requests per second, the 99th percentile and the resident memory. On a machine that others load, only
the ratios mean anything.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from contextlib import suppress
from pathlib import Path
from urllib.parse import urljoin

from uv import find_uv_bin

PROJECT = "botocore"  # 5,000 files
JSON = "application/vnd.pypi.simple.v1+json"
SIZE = (1_000_000, 2_000_000)  # of the file
READY = 120.0  # seconds; the first start fetches the server


def servers(port: int, data: Path) -> dict[str, tuple[list[str], dict[str, str], str]]:
    """Return the command of each, its variables, and the address of its index."""
    run = [find_uv_bin(), "tool", "run", "--python", sys.executable]
    at = f"http://127.0.0.1:{port}"
    gunicorn = ["gunicorn", "--threads", "8", "-b", f"127.0.0.1:{port}", "proxpi.server:app"]
    ours = [sys.executable, "-m", "accel_doctor", "serve", "--port", str(port), "--data", str(data)]
    return {
        "accel-doctor": (ours, {}, f"{at}/simple/"),
        "peryx": (
            [*run, "peryx", "serve", "--port", str(port), "--data-dir", str(data)],
            {},
            f"{at}/root/pypi/simple/",
        ),
        "proxpi": (
            [*run, "--from", "proxpi", "--with", "gunicorn", *gunicorn],
            {"PROXPI_CACHE_DIR": str(data)},
            f"{at}/index/",
        ),
    }


def main(seconds: int, connections: int) -> None:
    wrk = shutil.which("wrk")
    if wrk is None:
        sys.exit("wrk not found: apt install wrk")
    for name in servers(0, Path()):
        with tempfile.TemporaryDirectory(prefix="bench-") as scratch, socket.socket() as chosen:
            chosen.bind(("127.0.0.1", 0))
            port = chosen.getsockname()[1]
            chosen.close()
            command, variables, index = servers(port, Path(scratch))[name]
            environment = {**os.environ, **variables}
            process = subprocess.Popen(
                command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
            )
            try:
                page = f"{index}{PROJECT}/"
                file = warm(page)
                for kind, url in (("page", page), ("page, gzip", page), ("file", file)):
                    if url is None:
                        continue
                    headers = ["-H", f"Accept: {JSON}", *(["-H", "Accept-Encoding: gzip"] if "gzip" in kind else [])]
                    load = [
                        wrk,
                        "-t1",
                        f"-c{connections}",
                        f"-d{seconds}s",
                        "--timeout",
                        "20s",
                        "--latency",
                        *headers,
                        url,
                    ]
                    shown = subprocess.run(load, capture_output=True, text=True, check=True).stdout
                    print(f"{name:13} {kind:10} {told(shown)}  {memory(process.pid) // 1024} MB", flush=True)
            finally:
                os.killpg(process.pid, signal.SIGTERM)
                process.wait()


def warm(page: str) -> str | None:
    """Wait for the server, have it fetch the page and a file of it, and return the address of the file, if it can."""
    until = time.monotonic() + READY
    while True:
        with suppress(OSError):
            request = urllib.request.Request(page, headers={"Accept": JSON})
            with urllib.request.urlopen(request, timeout=60) as answer:
                files = json.load(answer)["files"]
            break
        if time.monotonic() > until:
            sys.exit(f"no answer from {page}")
        time.sleep(0.2)
    sized = [file for file in files if SIZE[0] < (file.get("size") or 1_500_000) < SIZE[1]]
    url: str = urljoin(page, sized[0]["url"])
    try:
        with urllib.request.urlopen(url, timeout=60) as answer:
            answer.read()
    except OSError as error:  # peryx fetches nothing from file hosts at private addresses
        print(f"  no file: {error}", flush=True)
        return None
    return url


def told(shown: str) -> str:
    """Return the rate, the 99th percentile, and errors if there were any."""
    rate = re.search(r"Requests/sec:\s+(\S+)", shown)
    late = re.search(r"99%\s+(\S+)", shown)
    errors = re.search(r"(Socket errors|Non-2xx).*", shown)
    return f"{float(rate[1]) if rate else 0:8.0f}/s  p99 {late[1] if late else '?':>9}  {errors[0] if errors else ''}"


def memory(group: int) -> int:
    """Return the resident memory of a group of processes, in kB."""
    total = 0
    for status in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError, ValueError):
            if os.getpgid(int(status.parent.name)) == group:
                found = re.search(r"VmRSS:\s+(\d+)", (status.parent / "status").read_text())
                total += int(found[1]) if found else 0
    return total


if __name__ == "__main__":
    main(*map(int, [*sys.argv[1:], "8", "64"][:2]))
