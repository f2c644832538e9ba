"""Killed, crowded, without room: an environment is the old or the new one, complete, and the next run is right."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

PROGRAM = Path(__file__).resolve().parents[1] / "environment_stress.py"


def stressed(what: str, directory: Path, times: int) -> None:
    done = subprocess.run(
        [sys.executable, PROGRAM, what, directory / "stage", str(times)], capture_output=True, text=True
    )
    assert (done.returncode, done.stdout) == (0, "nothing was lost\n"), done.stderr


def test_killed_at_200_random_moments(tmp_path: Path) -> None:
    stressed("kill", tmp_path, 200)


def test_eight_at_once(tmp_path: Path) -> None:
    stressed("crowd", tmp_path, 12)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    path = tmp_path / "disk"
    path.mkdir()
    if os.geteuid() != 0:
        pytest.skip("only root can mount a small disk")
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m", "small", str(path)], capture_output=True, text=True)
    if done.returncode:
        pytest.skip(f"a small disk cannot be mounted: {done.stderr.strip()}")
    yield path
    subprocess.run(["umount", str(path)], check=True)


def test_a_disk_that_is_full_at_any_moment(small_disk: Path) -> None:
    stressed("full", small_disk, 20)
