"""Source distributions that build without a network, a compiler or a second: for tests of what is kept of builds."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

_BACKEND = """
import base64, hashlib, os, pathlib, sys, sysconfig, zipfile

NAME, SIZE = {name!r}, {size}


def _tag():
    python = "cp%d%d" % sys.version_info[:2]
    return "-".join([python, python, sysconfig.get_platform().replace("-", "_").replace(".", "_")])


def build_wheel(directory, config_settings=None, metadata_directory=None):
    with open(os.environ["BUILDS_COUNTED_IN"], "a") as counter:
        counter.write(NAME + "\\n")
    information = NAME + "-1.0.dist-info"
    files = {{
        NAME + ".py": ("VALUE = %r\\n" % NAME).encode(),
        NAME + ".bin": os.urandom(SIZE),
        information + "/METADATA": ("Metadata-Version: 2.2\\nName: %s\\nVersion: 1.0\\n" % NAME).encode(),
        information + "/WHEEL": ("Wheel-Version: 1.0\\nRoot-Is-Purelib: false\\nTag: %s\\n" % _tag()).encode(),
    }}
    record = ""
    for path, content in files.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
        record += "%s,sha256=%s,%d\\n" % (path, digest, len(content))
    files[information + "/RECORD"] = (record + information + "/RECORD,,\\n").encode()
    wheel = "%s-1.0-%s.whl" % (NAME, _tag())
    with zipfile.ZipFile(pathlib.Path(directory) / wheel, "w") as archive:
        for path, content in files.items():
            archive.writestr(path, content)
    return wheel
"""


def make_sdist(directory: Path, name: str, size: int = 1000) -> Path:
    """``NAME-1.0.tar.gz``; its wheel holds ``size`` random bytes, and every build of it adds a line with its name to
    the file ``$BUILDS_COUNTED_IN``."""
    files = {
        "PKG-INFO": f"Metadata-Version: 2.2\nName: {name}\nVersion: 1.0\n",
        "pyproject.toml": '[build-system]\nrequires = []\nbuild-backend = "own"\nbackend-path = ["."]\n'
        f'[project]\nname = "{name}"\nversion = "1.0"\n',
        "own.py": _BACKEND.format(name=name, size=size),
    }
    path = directory / f"{name}-1.0.tar.gz"
    with tarfile.open(path, "w:gz") as archive:
        for file, text in files.items():
            member = tarfile.TarInfo(f"{name}-1.0/{file}")
            member.size = len(text.encode())
            archive.addfile(member, io.BytesIO(text.encode()))
    return path
