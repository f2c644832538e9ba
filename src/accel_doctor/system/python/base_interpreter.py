"""The base interpreter of an environment, and its description: remembered, since running it takes 30 ms."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from accel_doctor.errors import UsageError
from accel_doctor.interfaces import Notifier
from accel_doctor.model.machine import Invocation
from accel_doctor.model.stored_environments import BaseInterpreter
from accel_doctor.system.python.target import find_executable, refuse_anothers
from accel_doctor.whole_files import replacing

_OS_RELEASE = ("/etc/os-release", "/usr/lib/os-release")
_ELF = b"\x7fELF"


def find_base_interpreter(python: str | None, target: Path, invocation: Invocation, notifier: Notifier) -> Path:
    """Return the base interpreter of ``python``; without it, that of the environment at ``target``; else python3.

    Raise UsageError if there is none.
    """
    if python:
        return behind(find_executable(invocation, python))
    if (target / "pyvenv.cfg").is_file():
        if (target / "bin/python").exists():
            refuse_anothers(target, target / "bin/python", invocation.variables)
            return behind(target / "bin/python")
        notifier.note(f"the interpreter of {target} no longer exists")
    found = shutil.which("python3", path=invocation.variables.get("PATH", ""))
    if not found:
        raise UsageError("no python3 on PATH", hint="name an interpreter with --python")
    return behind(Path(found).absolute())


def describe_base_interpreter(executable: Path, remembered: Path, variables: Mapping[str, str]) -> BaseInterpreter:
    """Return the path of an interpreter and its facts for the key, remembered in the directory ``remembered``."""
    return BaseInterpreter(**remembered_facts(executable, (), remembered, lambda: _asked(executable, variables)))


def _asked(executable: Path, variables: Mapping[str, str]) -> dict[str, Any]:
    # most restores run no interpreter
    from accel_doctor.system.distribution import read_distribution
    from accel_doctor.system.process.runner import ProcessRunner
    from accel_doctor.system.python.interpreter import describe

    interpreter = describe(executable, ProcessRunner(dict(variables)))
    distribution = read_distribution()
    return {
        "executable": str(interpreter.executable.resolve()),
        "version": interpreter.version,
        "machine": {
            **interpreter.abi,
            "platform": interpreter.platform,
            "libc": interpreter.libc,
            "distribution": [distribution.id, distribution.version or distribution.codename],
        },
    }


def behind(executable: Path) -> Path:
    """Return the base interpreter of an environment's interpreter. Raises UsageError if it is gone, OSError."""
    real = executable.resolve()
    root = real.parent.parent
    settings = environment_settings(root)
    if not settings:
        return real
    # an environment with a copy of its interpreter: pyvenv.cfg (PEP 405) names the original
    original = Path(settings.get("executable") or f"{settings.get('home')}/{real.name}")
    if not original.is_file():
        raise UsageError(f"the interpreter of {root} no longer exists: {original}")
    return original.resolve()


def environment_settings(root: Path) -> dict[str, str]:
    """Return the settings in ``pyvenv.cfg`` (PEP 405), keys in lower case; empty if there is none."""
    try:
        text = (root / "pyvenv.cfg").read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return {}
    pairs = (line.partition("=") for line in text.splitlines() if "=" in line)
    return {key.strip().lower(): value.strip() for key, _, value in pairs}


def remembered_facts(
    executable: Path, more: Sequence[object], directory: Path, ask: Callable[[], dict[str, Any]]
) -> dict[str, Any]:
    """Return the result of ``ask``, or that in a file in ``directory`` if neither the interpreter, the C library, the
    distribution nor ``more`` has changed since. Raises OSError if the interpreter cannot be read."""
    with executable.open("rb") as stream:
        is_program = stream.read(4) == _ELF  # a shim (pyenv) can give another answer tomorrow
    if not is_program:
        return ask()
    state = [str(executable), *_interpreter_state(executable), *more]
    path = directory / f"{hashlib.sha256(json.dumps(state).encode()).hexdigest()}.json"
    with suppress(OSError, ValueError):
        facts = json.loads(path.read_bytes())
        if isinstance(facts, dict) and facts.get("executable"):
            return facts
    facts = ask()
    remember(path, json.dumps(facts))
    return facts


def remember(path: Path, text: str) -> None:
    """Write a file atomically; ignore errors, as it is only a cache."""
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        with replacing(path) as aside:
            aside.write_text(text)


def _interpreter_state(executable: Path) -> list[Any]:
    state: list[Any] = []
    for path in (str(executable), *_OS_RELEASE):
        try:
            found = Path(path).stat()
        except FileNotFoundError:
            state.append(None)
        else:
            state += [found.st_mtime_ns, found.st_size, found.st_ino]
    with suppress(AttributeError, ValueError, OSError):
        state.append(os.confstr("CS_GNU_LIBC_VERSION"))
    return state
