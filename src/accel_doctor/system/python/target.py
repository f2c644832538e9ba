"""Choose the environment to install into."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path

from accel_doctor.errors import UsageError
from accel_doctor.interfaces import Runner
from accel_doctor.model.machine import Interpreter, Invocation
from accel_doctor.ownership import invoking_user, outsider

_HOW_TO_MAKE_ONE = "python3 -m venv .venv, then run the same command again; or name an interpreter with --python"


def find_target(
    runner: Runner, invocation: Invocation, python: str | None = None, remembered: Path | None = None
) -> Interpreter:
    """Return the interpreter to install into, as it describes itself, or did in another environment according to the
    directory ``remembered``. Raises UsageError if there is none, or it does not work."""
    from accel_doctor.system.python.interpreter import describe, describe_environment

    executable = find_executable(invocation, python)
    return describe_environment(executable, runner, remembered) if remembered else describe(executable, runner)


def find_executable(invocation: Invocation, python: str | None = None) -> Path:
    """Return the executable of the interpreter to install into, without running it.

    In this order: ``python`` (a path, a command on PATH, or the directory of an environment); the active virtual
    environment; the active conda environment other than base; ``./.venv``; conda's base; the environment that
    accel-doctor itself is installed in, unless a tool installer (pipx, uv tool) created it for accel-doctor alone.
    Raises UsageError if there is none.
    """
    if python is not None:
        return _named(python, invocation)
    for variable, folder in _candidates(invocation):
        executable = _python_of(folder)
        if executable is not None:
            if not variable:
                refuse_anothers(folder, executable, invocation.variables)
            return executable
        if variable:
            raise UsageError(
                f"{variable} is set to {folder}, but there is no Python in it",
                hint=f"unset {variable}, or make the environment again: python3 -m venv {folder}",
            )
    if _is_own_environment(invocation):
        return invocation.executable
    raise UsageError("there is no virtual environment to install into", hint=_HOW_TO_MAKE_ONE)


def refuse_anothers(environment: Path, executable: Path, variables: Mapping[str, str]) -> None:
    """Raise UsageError if another user can change the interpreter of an environment that was found, not named. Root may
    work in those of whoever called sudo."""
    paths = (environment, environment / "pyvenv.cfg", executable.parent, executable)
    if owner := outsider(*paths, also=invoking_user(variables)):
        raise UsageError(
            f"not starting {executable}: {environment} belongs to another user ({owner})",
            hint=f"if you trust it, name it with --python {environment}",
        )


def _candidates(invocation: Invocation) -> list[tuple[str, Path]]:
    """Return environments in order of precedence, each with the variable that names it, if any."""
    variables = invocation.variables
    candidates = []
    if active := variables.get("VIRTUAL_ENV"):
        candidates.append(("VIRTUAL_ENV", Path(active)))
    conda = variables.get("CONDA_PREFIX")
    # conda activates base by default in every shell: that is not the user's choice
    is_base = variables.get("CONDA_DEFAULT_ENV") in ("base", "root")
    if conda and not is_base:
        candidates.append(("CONDA_PREFIX", Path(conda)))
    local = invocation.directory / ".venv"
    if (local / "pyvenv.cfg").is_file():
        candidates.append(("", local))
    if conda and is_base:
        candidates.append(("CONDA_PREFIX", Path(conda)))
    return candidates


def _named(python: str, invocation: Invocation) -> Path:
    path = invocation.directory / Path(python)
    if path.is_dir():
        executable = _python_of(path)
        if executable is None:
            raise UsageError(f"--python {python}: there is no Python in this directory", hint=_HOW_TO_MAKE_ONE)
        return executable
    if path.is_file():
        return path
    if "/" not in python:
        found = shutil.which(python, path=invocation.variables.get("PATH", ""))
        if found:
            return invocation.directory / found
    raise UsageError(
        f"--python {python}: no such file, directory or command",
        hint="give the path of an interpreter, a command on PATH, or the directory of a virtual environment",
    )


def _python_of(folder: Path) -> Path | None:
    return next((path for name in ("python", "python3") if (path := folder / "bin" / name).is_file()), None)


def _is_own_environment(invocation: Invocation) -> bool:
    own = invocation.prefix
    made_by_a_tool_installer = (own / "pipx_metadata.json").exists() or (own / "uv-receipt.toml").exists()
    return own != invocation.base_prefix and not made_by_a_tool_installer
