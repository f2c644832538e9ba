"""A source distribution whose build runs a program, and which needs nothing else."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

_BACKEND = """
import pathlib, subprocess, zipfile

def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
    subprocess.run([{program!r}, "--version"], check=True)
    name = "needy-1.0-py3-none-any.whl"
    files = {{
        "needy.py": "",
        "needy-1.0.dist-info/METADATA": "Metadata-Version: 2.1\\nName: needy\\nVersion: 1.0\\n",
        "needy-1.0.dist-info/WHEEL": "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n",
    }}
    files["needy-1.0.dist-info/RECORD"] = "".join(f"{{path}},,\\n" for path in files)
    with zipfile.ZipFile(pathlib.Path(wheel_directory, name), "w") as archive:
        for path, text in files.items():
            archive.writestr(path, text)
    return name
"""


def write_needy_source(directory: Path, program: str) -> Path:
    """Write ``needy-1.0.tar.gz``, which needs ``program`` to build; return its path."""
    path = directory / "needy-1.0.tar.gz"
    with tarfile.open(path, "w:gz") as archive:
        for name, text in {
            "pyproject.toml": '[build-system]\nrequires = []\nbuild-backend = "own"\nbackend-path = ["."]\n',
            "PKG-INFO": "Metadata-Version: 2.2\nName: needy\nVersion: 1.0\n",
            "own.py": _BACKEND.format(program=program),
        }.items():
            member = tarfile.TarInfo(f"needy-1.0/{name}")
            member.size = len(text.encode())
            archive.addfile(member, io.BytesIO(text.encode()))
    return path
