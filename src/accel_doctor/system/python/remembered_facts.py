"""What interpreters say of themselves, remembered: asking one takes as long as all else that a short run does."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from accel_doctor.errors import UsageError

_OS_RELEASE = ("/etc/os-release", "/usr/lib/os-release")
_ELF = b"\x7fELF"


def behind(executable: Path) -> Path:
    """Return the interpreter that an environment's was made from. Raises UsageError where it is gone, OSError."""
    real = executable.resolve()
    root = real.parent.parent
    settings = environment_settings(root)
    if not settings:
        return real
    # an environment with a copy of its interpreter: PEP 405 says where the original is
    original = Path(settings.get("executable") or f"{settings.get('home')}/{real.name}")
    if not original.is_file():
        raise UsageError(f"the interpreter of {root} no longer exists: {original}")
    return original.resolve()


def environment_settings(root: Path) -> dict[str, str]:
    """Return what ``pyvenv.cfg`` says (PEP 405), keys in lower case; empty where there is none."""
    try:
        text = (root / "pyvenv.cfg").read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return {}
    pairs = (line.partition("=") for line in text.splitlines() if "=" in line)
    return {key.strip().lower(): value.strip() for key, _, value in pairs}


def remembered_facts(
    executable: Path, more: Sequence[object], directory: Path, ask: Callable[[], dict[str, Any]]
) -> dict[str, Any]:
    """Return what ``ask`` returns, from a file in ``directory`` where neither the interpreter, the C library, the
    distribution nor ``more`` have changed since. Raises OSError where the interpreter cannot be read."""
    with executable.open("rb") as stream:
        is_program = stream.read(4) == _ELF  # a shim (pyenv) can answer otherwise tomorrow
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
    """Write a file in one move; where that is not possible, nothing is remembered."""
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        aside = path.with_suffix(f".{os.getpid()}")
        aside.write_text(text)
        aside.replace(path)


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
