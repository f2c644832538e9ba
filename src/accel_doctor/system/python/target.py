"""Which environment is installed into."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from accel_doctor.errors import UsageError

if TYPE_CHECKING:
    from accel_doctor.interfaces import Runner
    from accel_doctor.model import Interpreter

_HOW_TO_MAKE_ONE = "python3 -m venv .venv, then the same command again; or name an interpreter with --python"


@dataclass(frozen=True)
class Surroundings:
    """What decides the target, read once by the command line: PATH and friends, where we are, who we are."""

    environment: Mapping[str, str]
    directory: Path
    own_executable: Path  # sys.executable
    own_prefix: Path  # sys.prefix
    own_base_prefix: Path  # sys.base_prefix


def find_target(
    runner: Runner, surroundings: Surroundings, python: str | None = None, remembered: Path | None = None
) -> Interpreter:
    """Return the interpreter to install into, as it describes itself, or did so in another environment according to the
    directory ``remembered``. Raises UsageError where there is none, or it does not work."""
    from accel_doctor.system.python.interpreter import describe, describe_environment

    executable = find_executable(surroundings, python)
    return describe_environment(executable, runner, remembered) if remembered else describe(executable, runner)


def find_executable(surroundings: Surroundings, python: str | None = None) -> Path:
    """The executable of the interpreter to install into; nothing is started.

    In this order: ``python`` (a path, a command on PATH, or the directory of an environment); the active virtual
    environment; the active conda environment other than base; ``./.venv``; conda's base; the environment that
    accel-doctor itself is installed in, unless a tool installer (pipx, uv tool) made it for accel-doctor alone.
    UsageError where there is none.
    """
    if python is not None:
        return _named(python, surroundings)
    for variable, folder in _candidates(surroundings):
        executable = _python_of(folder)
        if executable is not None:
            return executable
        if variable:
            raise UsageError(
                f"{variable} is set to {folder}, but there is no Python in it",
                hint=f"unset {variable}, or make the environment again: python3 -m venv {folder}",
            )
    if _is_own_environment(surroundings):
        return surroundings.own_executable
    raise UsageError("there is no virtual environment to install into", hint=_HOW_TO_MAKE_ONE)


def _candidates(surroundings: Surroundings) -> list[tuple[str, Path]]:
    """Environments in order of precedence, each with the variable that names it, if one does."""
    environment = surroundings.environment
    candidates = []
    if active := environment.get("VIRTUAL_ENV"):
        candidates.append(("VIRTUAL_ENV", Path(active)))
    conda = environment.get("CONDA_PREFIX")
    # conda activates base by default in every shell: that is no choice of anybody's
    is_base = environment.get("CONDA_DEFAULT_ENV") in ("base", "root")
    if conda and not is_base:
        candidates.append(("CONDA_PREFIX", Path(conda)))
    local = surroundings.directory / ".venv"
    if (local / "pyvenv.cfg").is_file():
        candidates.append(("", local))
    if conda and is_base:
        candidates.append(("CONDA_PREFIX", Path(conda)))
    return candidates


def _named(python: str, surroundings: Surroundings) -> Path:
    path = surroundings.directory / Path(python)
    if path.is_dir():
        executable = _python_of(path)
        if executable is None:
            raise UsageError(f"--python {python}: there is no Python in this directory", hint=_HOW_TO_MAKE_ONE)
        return executable
    if path.is_file():
        return path
    if "/" not in python:
        found = shutil.which(python, path=surroundings.environment.get("PATH", ""))
        if found:
            return surroundings.directory / found
    raise UsageError(
        f"--python {python}: there is no such file, directory or command",
        hint="give the path of an interpreter, a command on PATH, or the directory of a virtual environment",
    )


def _python_of(folder: Path) -> Path | None:
    return next((path for name in ("python", "python3") if (path := folder / "bin" / name).is_file()), None)


def _is_own_environment(surroundings: Surroundings) -> bool:
    own = surroundings.own_prefix
    made_by_a_tool_installer = (own / "pipx_metadata.json").exists() or (own / "uv-receipt.toml").exists()
    return own != surroundings.own_base_prefix and not made_by_a_tool_installer
