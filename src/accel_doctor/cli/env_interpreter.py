"""Which interpreter an environment is for, and what the key says of it: remembered, since asking takes 30 ms."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from accel_doctor.errors import UsageError

_OS_RELEASE = ("/etc/os-release", "/usr/lib/os-release")
_ELF = b"\x7fELF"


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


def behind(executable: Path) -> Path:
    """The interpreter that an environment's was made from. Raises UsageError where it is gone, OSError."""
    real = executable.resolve()
    settings = real.parent.parent / "pyvenv.cfg"
    if not settings.is_file():
        return real
    # an environment with a copy of its interpreter: PEP 405 says where the original is
    lines = dict(line.partition("=")[::2] for line in settings.read_text(errors="replace").splitlines() if "=" in line)
    values = {key.strip(): value.strip() for key, value in lines.items()}
    original = Path(values.get("executable") or f"{values.get('home')}/{real.name}")
    if not original.is_file():
        raise UsageError(f"the interpreter that made {settings.parent} is gone: {original}")
    return original.resolve()


def interpreter_facts(executable: Path, remembered: Path, environment: Mapping[str, str]) -> dict[str, Any]:
    """What :func:`_asked` says, from the directory ``remembered`` where neither the interpreter, the C library nor
    the distribution have changed since."""
    with executable.open("rb") as stream:
        is_program = stream.read(4) == _ELF  # a shim (pyenv) can answer otherwise tomorrow
    name = hashlib.sha256(json.dumps([str(executable), *interpreter_state(executable)]).encode()).hexdigest()
    path = remembered / f"{name}.json"
    if is_program:
        with suppress(OSError, ValueError):
            facts = json.loads(path.read_bytes())
            if isinstance(facts, dict) and facts.get("executable"):
                return facts
    facts = _asked(executable, environment)
    if is_program:
        with suppress(OSError):
            remembered.mkdir(parents=True, exist_ok=True)
            aside = path.with_suffix(f".{os.getpid()}")
            aside.write_text(json.dumps(facts))
            aside.replace(path)
    return facts


def interpreter_state(executable: Path) -> list[Any]:
    """What is another where the interpreter, the C library or the distribution are others."""
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
