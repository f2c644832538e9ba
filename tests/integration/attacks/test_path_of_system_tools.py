"""A PATH that an environment leads decides neither which package manager runs nor which sudo."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

LOG = "x.c:1:10: fatal error: xmlsec/xmlsec.h: No such file or directory\nerror: command 'gcc' failed\n"
TOOLS = ("apt-get", "apt-cache", "apt-file", "dpkg", "dpkg-query", "dnf", "rpm", "sudo", "doas", "env", "df")


def test_no_tool_of_the_system_is_found_on_path(tmp_path: Path) -> None:
    planted, log = tmp_path / "bin", tmp_path / "build.log"
    planted.mkdir()
    log.write_text(LOG)
    for name in TOOLS:
        (planted / name).write_text(f"#!/bin/sh\necho {name} >>{tmp_path}/started\nexit 0\n")
        (planted / name).chmod(0o755)
    own = {f"ACCEL_DOCTOR_{name}_DIR": str(tmp_path / name) for name in ("CACHE", "CONFIG", "STATE")}
    path = f"{planted}:{os.environ['PATH']}"
    for words in (["diagnose", str(log)], ["run", "--no-system", "--", "sh", "-c", f"cat {log}; false"]):
        done = subprocess.run(
            [sys.executable, "-m", "accel_doctor", *words],
            env={**os.environ, **own, "PATH": path},
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
        )
        assert "xmlsec" in done.stdout + done.stderr
    assert not (tmp_path / "started").exists(), (tmp_path / "started").read_text()
