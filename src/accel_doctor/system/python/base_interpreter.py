"""The interpreter that a project's environment is for, and what decides which stored environments fit it."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from accel_doctor.errors import UsageError
from accel_doctor.model.stored_environments import BaseInterpreter
from accel_doctor.system.python.remembered_facts import behind, remembered_facts

if TYPE_CHECKING:
    from accel_doctor.interfaces import Notifier


def find_base_interpreter(python: str | None, target: Path, variables: Mapping[str, str], notifier: Notifier) -> Path:
    """Return the interpreter behind ``python``; without it, that of the environment at ``target``; else python3.

    Raise UsageError where there is none.
    """
    path = variables.get("PATH", "")
    if python:
        chosen = Path(python) / "bin/python" if Path(python).is_dir() else Path(shutil.which(python, path=path) or "")
        if not chosen.is_file():
            raise UsageError(
                f"--python {python}: no such file, directory or command",
                hint="give the path of an interpreter, a command on PATH, or the directory of a virtual environment",
            )
        return behind(chosen)
    if (target / "pyvenv.cfg").is_file():
        if (target / "bin/python").exists():
            return behind(target / "bin/python")
        notifier.note(f"the interpreter of {target} no longer exists")
    found = shutil.which("python3", path=path)
    if not found:
        raise UsageError("no python3 on PATH", hint="name an interpreter with --python")
    return behind(Path(found).absolute())


def describe_base_interpreter(executable: Path, remembered: Path, variables: Mapping[str, str]) -> BaseInterpreter:
    """Return what the key says of an interpreter and where it is, remembered in the directory ``remembered``."""
    return BaseInterpreter(**remembered_facts(executable, (), remembered, lambda: _asked(executable, variables)))


def _asked(executable: Path, variables: Mapping[str, str]) -> dict[str, Any]:
    # most restores ask no interpreter
    from accel_doctor.system.distribution import read_distribution
    from accel_doctor.system.process.runner import ProcessRunner
    from accel_doctor.system.python.interpreter import describe

    interpreter = describe(executable, ProcessRunner(dict(variables)))
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
