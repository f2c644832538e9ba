from __future__ import annotations

import os
import platform
import subprocess
import sys
import venv
from pathlib import Path

import pytest
from fakes import QuietProgress

from accel_doctor.model.stored_environments import Place, StoredEnvironment
from accel_doctor.store.environments.environment_cache import EnvironmentCache
from accel_doctor.store.environments.restoring import restore
from accel_doctor.store.environments.storing import store

KEY = "a" * 64
SCRIPT = "import greeting; import sys; print(greeting.WORDS, sys.prefix)\n"
BASE = os.path.realpath(sys.executable)


def make_environment(root: Path, words: str = "hello") -> Path:
    """A virtual environment with one distribution, as installers leave one behind: script, bytecode, RECORD."""
    venv.create(root, symlinks=True, with_pip=False)
    site = next((root / "lib").glob("python*")) / "site-packages"
    (site / "greeting.py").write_text(f"WORDS = {words!r}\n")
    subprocess.run([root / "bin/python", "-m", "compileall", "-q", site], check=True)
    script = root / "bin/greet"
    script.write_text(f"#!{root}/bin/python\n{SCRIPT}")
    script.chmod(0o755)
    information = site / "greeting-1.0.dist-info"
    information.mkdir()
    (information / "METADATA").write_text("Metadata-Version: 2.1\nName: greeting\nVersion: 1.0\n")
    (information / "RECORD").write_text("greeting.py,,\n../../../bin/greet,,\ngreeting-1.0.dist-info/RECORD,,\n")
    return root


def said_by(root: Path) -> str:
    """What the environment's script prints; it must not compile anything anew."""
    before = sorted(path.stat().st_mtime_ns for path in root.rglob("*.pyc"))
    shown = subprocess.run([root / "bin/greet"], check=True, capture_output=True, text=True).stdout
    assert sorted(path.stat().st_mtime_ns for path in root.rglob("*.pyc")) == before
    return shown


class Cached:
    """A cache, and what it said."""

    def __init__(self, root: Path) -> None:
        self.notes: list[str] = []
        self.cache = EnvironmentCache(root, self.notes.append)

    def store(self, root: Path, key: str = KEY):
        return store(self.cache, key, {}, root, QuietProgress())

    def restore(self, target: Path, key: str = KEY, found: StoredEnvironment | None = None) -> Path:
        stored = found or self.cache.find(key)
        assert stored, self.notes
        place = Place(str(target), str(Path(BASE).parent), BASE, platform.python_version())
        restore(self.cache, stored, place, target, QuietProgress())
        return target


@pytest.fixture
def cached(tmp_path):
    return Cached(tmp_path / "cache")


@pytest.fixture
def environment(tmp_path):
    return make_environment(tmp_path / "made" / ".venv")


@pytest.fixture(name="make_environment")
def _make_environment():
    return make_environment


@pytest.fixture(name="said_by")
def _said_by():
    return said_by
