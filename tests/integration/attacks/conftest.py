"""Provide what attacks on builds need: an accel-doctor that every user can start, and a place to attack."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest


def open_to_all(path: Path) -> bool:
    """Return whether everybody can enter the directories above a file and read it."""
    path = path.resolve()
    return all(one.stat().st_mode & (stat.S_IXOTH if one.is_dir() else stat.S_IROTH) for one in (path, *path.parents))


@pytest.fixture(scope="session")
def open_directory() -> Iterator[Path]:
    """A directory that every user can reach, unlike pytest's."""
    path = Path(tempfile.mkdtemp(prefix="ad-", dir="/tmp"))
    path.chmod(0o755)
    yield path
    shutil.rmtree(path)


@pytest.fixture(scope="session")
def open_python(open_directory: Path, wheel: Path) -> Path:
    """A Python with accel-doctor that every user can start: this one, or one from the system."""
    if os.geteuid() != 0 or all(open_to_all(Path(one)) for one in (sys.executable, __file__, *map(str, _paths()))):
        return Path(sys.executable)
    base = next((one for one in ("/usr/bin/python3", "/usr/local/bin/python3") if open_to_all(Path(one))), None)
    if base is None:
        pytest.skip(f"{sys.executable} is for root only, and the system has no Python")
    uv = [sys.executable, "-m", "uv"]
    subprocess.run([*uv, "venv", "-q", "--python", base, open_directory / "venv"], check=True)
    python = open_directory / "venv" / "bin" / "python"
    subprocess.run([*uv, "pip", "install", "-q", "--link-mode", "copy", "--python", python, wheel], check=True)
    return python


def _paths() -> list[Path]:
    import accel_doctor

    return [Path(accel_doctor.__file__), Path(pytest.__file__)]
