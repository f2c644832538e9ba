"""Killed, crowded, without room: an environment is the old or the new one, complete, and the next run is right."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from integration.conftest import mounted
from paths import TESTS

PROGRAM = TESTS / "tools/environment_stress.py"


def stressed(what: str, directory: Path, times: int) -> None:
    done = subprocess.run(
        [sys.executable, PROGRAM, what, directory / "stage", str(times)], capture_output=True, text=True
    )
    assert (done.returncode, done.stdout) == (0, "nothing was lost\n"), done.stderr


@pytest.mark.long
def test_killed_at_200_random_moments(tmp_path: Path) -> None:
    stressed("kill", tmp_path, 200)


def test_eight_at_once(tmp_path: Path) -> None:
    stressed("crowd", tmp_path, 12)


def test_a_disk_that_is_full_at_any_moment(tmp_path: Path) -> None:
    with mounted(tmp_path / "disk", "8m") as small_disk:
        stressed("full", small_disk, 20)
