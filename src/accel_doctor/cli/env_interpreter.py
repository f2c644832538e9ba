"""Which interpreter an environment is for, and what the key says of it: remembered, since asking takes 30 ms."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from accel_doctor.errors import UsageError
from accel_doctor.system.python.remembered_facts import behind, remembered_facts


def base_interpreter(
    python: str | None, target: Path, environment: Mapping[str, str], warn: Callable[[str], None]
) -> Path:
    """The interpreter behind ``python``; without one, what made the environment at ``target``; else PATH's python3.

    Raises UsageError where it is not there.
    """
    path = environment.get("PATH", "")
    if python:
        chosen = Path(python) / "bin/python" if Path(python).is_dir() else Path(shutil.which(python, path=path) or "")
        if not chosen.is_file():
            raise UsageError(
                f"--python {python}: there is no such file, directory or command",
                hint="give the path of an interpreter, a command on PATH, or the directory of a virtual environment",
            )
        return behind(chosen)
    if (target / "pyvenv.cfg").is_file():
        if (target / "bin/python").exists():
            return behind(target / "bin/python")
        warn(f"the interpreter that made {target} is gone")
    found = shutil.which("python3", path=path)
    if not found:
        raise UsageError("there is no python3 on PATH", hint="name an interpreter with --python")
    return behind(Path(found).absolute())


def interpreter_facts(executable: Path, remembered: Path, environment: Mapping[str, str]) -> dict[str, Any]:
    """Return what the key says of an interpreter and where it is, remembered in the directory ``remembered``."""
    return remembered_facts(executable, (), remembered, lambda: _asked(executable, environment))


def _asked(executable: Path, environment: Mapping[str, str]) -> dict[str, Any]:
    from accel_doctor.system.distribution import read_distribution
    from accel_doctor.system.process.runner import ProcessRunner
    from accel_doctor.system.python.interpreter import describe

    interpreter = describe(executable, ProcessRunner(dict(environment)))
    distribution = read_distribution()
    final = interpreter.version.replace(".", "").isdigit()
    return {
        "executable": str(interpreter.executable.resolve()),
        "version": interpreter.version,
        "machine": {
            "implementation": interpreter.implementation,
            # before a release is final, its ABI still moves
            "version": interpreter.feature_version if final else interpreter.version,
            "soabi": interpreter.soabi,
            "cache-tag": interpreter.cache_tag,
            "debug": interpreter.debug,
            "free-threaded": interpreter.free_threaded,
            "platform": interpreter.platform,
            "libc": interpreter.libc,
            "distribution": [distribution.id, distribution.version or distribution.codename],
        },
    }
