"""What install says it did is what it did, with uv and with pip."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import uv
from integration.wheel_sources import make_sdist
from tiny_wheel import write_tiny_wheel


@pytest.mark.parametrize("frontend", ["uv", "pip"])
def test_what_was_installed_is_told_by_name(tmp_path: Path, frontend: str) -> None:
    for version in ("1.0", "2.0"):
        write_tiny_wheel(tmp_path, {"tiny.py": b""}, version=version)
    make_sdist(tmp_path, "made")
    subprocess.run([uv.find_uv_bin(), "venv", "-q", "--seed", "--python", sys.executable, tmp_path / "v"], check=True)

    def said(*words: str) -> str:
        argv = [sys.executable, "-m", "accel_doctor", "install", "--no-index", "--find-links", str(tmp_path)]
        argv += ["--cache-dir", str(tmp_path / "cache"), "--report", "r.json", "--frontend", frontend]
        done = subprocess.run(
            [*argv, "--python", str(tmp_path / "v"), *words],
            env={**os.environ, "BUILDS_COUNTED_IN": str(tmp_path / "builds")},
            cwd=tmp_path, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return re.sub(r"\d+\.\d s", "1.0 s", done.stderr)

    v = tmp_path / "v"
    words = ("--pass-env", "BUILDS_COUNTED_IN", "--sandbox", "off", "tiny<2", "made")
    assert said("--dry-run", *words).endswith(
        f"\n + made 1.0 (to be built)\n + tiny 1.0\nwould install 2 packages (1 to be built) into {v}\n"
    )
    assert not list(v.glob("lib/python*/site-packages/tiny.py"))
    assert said(*words).endswith(
        f"\n + made 1.0 (built here)\n + tiny 1.0\ninstalled 2 packages (1 built here) into {v}, 1.0 s\n"
    )
    assert said("--upgrade", "tiny").endswith(f"\n ~ tiny 1.0 → 2.0\ninstalled 1 package into {v}, 1.0 s\n")
    (change,) = json.loads((tmp_path / "r.json").read_text())["changes"]
    assert change == {"name": "tiny", "before": "1.0", "after": "2.0", "wheel": "fetched"}
    again = said("-q", "--force-reinstall", "--no-deps", "tiny")
    assert again == f"installed 1 package into {v}, 1.0 s\n"
    again = said("--force-reinstall", *words)
    assert again.endswith(
        f"\n ~ made 1.0 (from the wheel store)\n ~ tiny 2.0 → 1.0\n"
        f"installed 2 packages (1 from the wheel store) into {v}, 1.0 s\n"
    )
    assert said("tiny").endswith(f"\nnothing to do: everything is already installed in {v}, 1.0 s\n")
    assert said("--dry-run", "tiny").endswith(f"\nwould install nothing: everything is already installed in {v}\n")
