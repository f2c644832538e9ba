"""A source distribution that builds without any requirement: its own backend, which notes every build."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

BACKEND = """
import base64, hashlib, pathlib, zipfile

def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
    with open({counter!r}, "a") as stream:
        stream.write("built\\n")
    name = "levelled-1.0-py3-none-any.whl"
    files = {{
        "levelled.py": "answer = 42\\n",
        "levelled-1.0.dist-info/METADATA": "Metadata-Version: 2.1\\nName: levelled\\nVersion: 1.0\\n",
        "levelled-1.0.dist-info/WHEEL": "Wheel-Version: 1.0\\nGenerator: own (1)\\nRoot-Is-Purelib: true\\n"
        "Tag: py3-none-any\\n",
    }}
    record = "".join(f"{{path}},,\\n" for path in [*files, "levelled-1.0.dist-info/RECORD"])
    with zipfile.ZipFile(pathlib.Path(wheel_directory, name), "w") as archive:
        for path, text in {{**files, "levelled-1.0.dist-info/RECORD": record}}.items():
            archive.writestr(path, text)
    return name
"""
PROJECT = '[build-system]\nrequires = []\nbuild-backend = "own"\nbackend-path = ["."]\n'
METADATA = "Metadata-Version: 2.2\nName: levelled\nVersion: 1.0\n"


def write_sdist(directory: Path, counter: Path) -> None:
    """``levelled-1.0.tar.gz``; each build adds a line to ``counter``."""
    with tarfile.open(directory / "levelled-1.0.tar.gz", "w:gz") as archive:
        for name, text in (
            ("pyproject.toml", PROJECT),
            ("PKG-INFO", METADATA),
            ("own.py", BACKEND.format(counter=str(counter))),
        ):
            member = tarfile.TarInfo(f"levelled-1.0/{name}")
            member.size = len(text.encode())
            archive.addfile(member, io.BytesIO(text.encode()))
