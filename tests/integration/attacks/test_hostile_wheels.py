"""A wheel writes nothing outside of the environment that it is installed into, with either frontend."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from tiny_wheel import write_tiny_wheel

MARK = b"print('planted')\n"


def wheel(place: Path, *evil: str) -> None:
    write_tiny_wheel(place, {"tiny.py": b"", **dict.fromkeys(evil, MARK)})


def link(place: Path, target: str) -> None:
    """Add a symlink, and a file below it, to the wheel."""
    with zipfile.ZipFile(place / "tiny-1.0-py3-none-any.whl", "a") as archive:
        entry = zipfile.ZipInfo("out")
        entry.external_attr = 0o120777 << 16
        archive.writestr(entry, target)
        archive.writestr("out/planted.py", MARK)


@pytest.mark.parametrize("frontend", ["uv", "pip"])
@pytest.mark.parametrize(
    "evil",
    [
        ("../../../../planted.py",),
        ("tiny-1.0.data/data/../../../../planted.py",),
        ("tiny-1.0.data/scripts/../../../planted.py",),
        ("tiny-1.0.data/purelib/../../../../../planted.py",),
        ("{place}/planted.py",),
        "link",
    ],
)
def test_nothing_is_written_outside(tmp_path: Path, frontend: str, evil: tuple[str, ...] | str) -> None:
    (tmp_path / "outside").mkdir()
    wheel(tmp_path, *([] if isinstance(evil, str) else [name.format(place=tmp_path) for name in evil]))
    if isinstance(evil, str):
        link(tmp_path, str(tmp_path / "outside"))
    environment = tmp_path / "here/environment"
    seed = ["--seed"] if frontend == "pip" else []
    subprocess.run(
        [sys.executable, "-m", "uv", "venv", "-q", *seed, "--python", sys.executable, environment], check=True
    )
    argv = [sys.executable, "-m", "accel_doctor", "install", "--frontend", frontend, "--no-index", "--find-links",
            str(tmp_path), "--python", str(environment), "--cache-dir", str(tmp_path / "cache"), "tiny"]  # fmt: skip
    variables = {**os.environ, "HOME": str(tmp_path), "UV_CACHE_DIR": str(tmp_path / "uv")}
    done = subprocess.run(argv, env=variables, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert "Traceback" not in done.stderr
    planted = [path for path in tmp_path.rglob("planted.py") if not path.is_relative_to(environment)]
    assert [path for path in planted if not path.is_relative_to(tmp_path / "uv")] == []
