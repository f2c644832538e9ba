"""A wheel of a project "tiny" with any files, whose RECORD is right."""

from __future__ import annotations

import base64
import hashlib
import zipfile
from collections.abc import Mapping
from pathlib import Path

INFO = "tiny-1.0.dist-info"


def write_tiny_wheel(place: Path, files: Mapping[str, bytes], version: str = "1.0") -> Path:
    """Write the wheel into a directory, with metadata besides ``files``; return its path."""
    info = INFO.replace("1.0", version)
    content = {
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: tiny\nVersion: {version}\n".encode(),
        f"{info}/WHEEL": b"Wheel-Version: 1.0\nGenerator: x\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        **files,
    }
    path = place / f"tiny-{version}-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        rows = [f"{info}/RECORD,,"]
        for name, data in content.items():
            archive.writestr(name, data)
            digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).decode().rstrip("=")
            rows.append(f"{name},sha256={digest},{len(data)}")
        archive.writestr(f"{info}/RECORD", "\n".join(rows))
    return path
