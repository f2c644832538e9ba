"""Make virtual environments."""

from __future__ import annotations

import os
from pathlib import Path

from accel_doctor.errors import ToolError, UsageError
from accel_doctor.interfaces import Runner


def make_environment(place: Path, executable: str | Path, uv: Path | None, runner: Runner, prompt: str) -> None:
    """Make an empty environment with uv, else with the interpreter's own venv. Raise ToolError, and UsageError if
    its directory cannot be written."""
    if not os.access(place.parent, os.W_OK):
        raise UsageError(
            f"cannot make {place}: {place.parent} is not writable",
            hint="change to a directory of yours, or name an environment with --python",
        )
    if uv:
        argv = [str(uv), "venv", "--quiet", "--no-project", "--allow-existing"]
        argv += ["--python", str(executable), "--prompt", prompt]
    else:
        argv = [str(executable), "-m", "venv", "--prompt", prompt]
    done = runner.capture([*argv, str(place)])
    if done.returncode:
        said = (done.stderr.strip() or done.output.strip() or "no output").splitlines()[-1]
        hint = None if uv else "install python3-venv, which Debian has apart from python3; or leave out --frontend pip"
        raise ToolError(f"cannot make a virtual environment with {executable}: {said}", hint=hint)
