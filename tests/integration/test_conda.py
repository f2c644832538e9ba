"""An active conda environment: a Python below a prefix of its own, with ``conda-meta`` and no ``pyvenv.cfg``.

conda itself cannot be had from the registries that tests use: the prefix is laid out like one of its environments.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from integration.wheel_sources import make_sdist


@pytest.fixture
def conda(tmp_path: Path) -> Path:
    """An environment like conda's: an interpreter, its library, and no packages yet."""
    prefix, version = tmp_path / "conda/envs/work", f"python{sys.version_info[0]}.{sys.version_info[1]}"
    library = prefix / "lib" / version
    for directory in (prefix / "bin", prefix / "conda-meta", library / "site-packages"):
        directory.mkdir(parents=True)
    real = Path(os.path.realpath(sys.executable))
    shutil.copy(real, prefix / "bin" / version)
    (prefix / "bin/python").symlink_to(version)
    for entry in Path(os.__file__).parent.iterdir():
        if entry.name not in ("site-packages", "dist-packages", "EXTERNALLY-MANAGED"):
            (library / entry.name).symlink_to(entry)
    for shared in real.parent.parent.glob("lib/libpython*"):
        (prefix / "lib" / shared.name).symlink_to(shared)
    (prefix / "conda-meta/history").touch()
    return prefix


def run(conda: Path, *arguments: str, environment: str = "work") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "accel_doctor", *arguments],
        env={
            "PATH": f"{conda}/bin:{os.environ['PATH']}", "HOME": str(conda.parents[2]), "CONDA_PREFIX": str(conda),
            "CONDA_DEFAULT_ENV": environment, "BUILDS_COUNTED_IN": str(conda.parents[2] / "builds"),
            "PIP_CONFIG_FILE": os.devnull, "ACCEL_DOCTOR_SANDBOX": "off",
        },
        cwd=conda.parents[2],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )  # fmt: skip


def test_an_active_conda_environment_is_the_target(conda: Path, tmp_path: Path) -> None:
    make_sdist(tmp_path, "fruit")
    done = run(conda, "install", "--no-index", "--find-links", str(tmp_path), "fruit")
    assert done.returncode == 0, done.stderr
    found = subprocess.run(
        [conda / "bin/python", "-c", "import fruit; print(fruit.__file__)"], capture_output=True, text=True, check=True
    )
    assert Path(found.stdout.strip()).is_relative_to(conda)
