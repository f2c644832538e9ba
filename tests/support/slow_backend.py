"""A source distribution that takes its time: its own backend compiles nothing, and says so as ninja would."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

BACKEND = """
import time

def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
    for number in range(1, {steps} + 1):
        print(f"[{{number}}/{steps}] Building C object {{number}}.o", flush=True)
        time.sleep({seconds})
    raise SystemExit("error: slow.h: no such file")
"""
PROJECT = '[build-system]\nrequires = []\nbuild-backend = "own"\nbackend-path = ["."]\n'
METADATA = "Metadata-Version: 2.2\nName: {name}\nVersion: 1.0\n"


def write_slow_sdist(directory: Path, name: str, *, steps: int = 490, seconds: float = 1, files: int = 0) -> Path:
    """``NAME-1.0.tar.gz``: each of the ``steps`` of its build takes ``seconds``; ``files`` more make a large tree."""
    texts = {
        "pyproject.toml": PROJECT,
        "PKG-INFO": METADATA.format(name=name),
        "own.py": BACKEND.format(steps=steps, seconds=seconds),
        **{f"src/{number % 100}/{number}.c": "int x;\n" for number in range(files)},
    }
    path = directory / f"{name}-1.0.tar.gz"
    with tarfile.open(path, "w:gz") as archive:
        for place, text in texts.items():
            member = tarfile.TarInfo(f"{name}-1.0/{place}")
            member.size = len(text.encode())
            archive.addfile(member, io.BytesIO(text.encode()))
    return path
