"""Give a virtual environment an interpreter again, after its own was removed."""

from __future__ import annotations

import re
import shutil
from collections.abc import Mapping
from pathlib import Path

from accel_doctor.errors import ToolError, UsageError
from accel_doctor.interfaces import Runner

_VERSION = re.compile(r"(?m)^version(?:_info)? *= *(3\.[0-9]+)")
_TIMEOUT = 120.0  # seconds


def has_lost_its_interpreter(environment: Path) -> bool:
    """Return whether a directory is a virtual environment whose interpreter is not there."""
    if not (environment / "pyvenv.cfg").is_file():
        return False
    return not any((environment / "bin" / name).exists() for name in ("python", "python3"))


def revive(environment: Path, runner: Runner, variables: Mapping[str, str]) -> Path:
    """Link an environment to another interpreter of its version, and return that interpreter.

    Raises UsageError if there is none, ToolError if that fails.
    """
    text = (environment / "pyvenv.cfg").read_text(encoding="utf-8", errors="replace")
    found = _VERSION.search(text)
    version = found[1] if found else "an unknown version"
    python = shutil.which(f"python{version}", path=variables.get("PATH", "")) if found else None
    if python is None:
        raise UsageError(
            f"{environment}: its interpreter is gone, and there is no other Python {version}",
            hint=f"make it anew: python3 -m venv --clear {environment}; then install what is printed above",
        )
    for link in (environment / "bin").glob("python*"):
        if link.is_symlink() and not link.exists():
            link.unlink()
    argv = [python, "-m", "venv", "--upgrade", "--without-pip", str(environment)]
    done = runner.capture(argv, timeout=_TIMEOUT)
    if done.returncode or has_lost_its_interpreter(environment):
        words = (done.stderr.strip() or done.output.strip() or f"return code {done.returncode}").splitlines()[-1]
        raise ToolError(f"cannot link {environment} to {python}: {words[:200]}")
    return Path(python)


def releases_in(environment: Path) -> list[str]:
    """Return what is installed in an environment, without running it: ``numpy==2.1.0``, sorted."""
    names = (
        path.name.removesuffix(".dist-info") for path in environment.glob("lib/python3*/site-packages/*.dist-info")
    )
    parts = (name.rpartition("-") for name in names)
    return sorted(f"{name.replace('_', '-')}=={version}" for name, dash, version in parts if dash)
