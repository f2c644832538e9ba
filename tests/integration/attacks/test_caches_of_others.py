"""A cache that somebody else owns is neither read nor written."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest


def test_a_cache_of_another_user_is_not_used_and_nothing_is_created_through_it(tmp_path: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can give a directory to another user")
    theirs, temporary = tmp_path / "theirs", tmp_path / "temporary"
    theirs.mkdir()
    temporary.mkdir()
    (theirs / "in-use.lock").symlink_to(tmp_path / "target")
    os.chown(theirs, 4242, -1)
    target = tmp_path / "environment"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(target)], check=True)
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "accel_doctor",
            "install",
            "--dry-run",
            "--no-system",
            "--no-index",
            "--python",
            str(target),
            "--cache-dir",
            str(theirs),
            "--find-links",
            str(temporary),
            "not-there",
        ],
        env={**os.environ, "TMPDIR": str(temporary), "ACCEL_DOCTOR_CONFIG_DIR": str(tmp_path / "none")},
        capture_output=True,
        text=True,
    )
    assert f"not using a cache: the cache {theirs} belongs to another user (uid 4242)" in done.stderr
    assert not (tmp_path / "target").exists()
    assert [path.name for path in theirs.iterdir()] == ["in-use.lock"]
    left = {path.name for cache in temporary.glob("accel-doctor-cache-*") for path in cache.iterdir()}
    assert left <= {"logs"}
