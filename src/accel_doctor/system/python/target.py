"""Choose the environment to install into."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Collection, Mapping
from pathlib import Path

from accel_doctor.errors import UsageError
from accel_doctor.interfaces import Runner
from accel_doctor.model.machine import Interpreter, Invocation
from accel_doctor.ownership import invoking_user, outsider

_HOW_TO_MAKE_ONE = "python3 -m venv .venv, then run the same command again; or name an interpreter with --python"
_WHAT_TO_NAME = "give the path of an interpreter, a command on PATH, or the directory of a virtual environment"
_ANOTHER_PLACE = "install accel-doctor somewhere else (pipx, uv tool), or name an environment with --python"

# Environments in uv's cache: of uvx, of scripts, of builds. uv removes them.
_OF_UVS_CACHE = re.compile(r"/(archive|environments|builds)-v\d+/")
_RECEIPTS = ("uv-receipt.toml", "pipx_metadata.json")  # of uv tool, and of pipx


class NoEnvironmentError(UsageError):
    """No environment was found, and ``./.venv`` can be made."""


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

    In this order: ``python`` (a path, a command on PATH, a version, or the directory of an environment); the active
    virtual environment; the active conda environment other than base; ``./.venv``; conda's base. Those of tools are
    passed over. Raises NoEnvironmentError if there is none.
    """
    if python is not None:
        return _named(python, invocation)
    passed_over: dict[str, None] = {}
    for variable, folder in _candidates(invocation):
        executable = _python_of(folder)
        if executable is not None and (why := _of_a_tool(folder, invocation)):
            passed_over[f"{folder} {why}"] = None
            continue
        if executable is not None:
            if not variable:
                refuse_anothers(folder, executable, invocation.variables)
            return executable
        if variable:
            raise UsageError(
                f"{variable} is set to {folder}, but there is no Python in it",
                hint=f"unset {variable}, or make the environment again: python3 -m venv {folder}",
            )
    raise _nothing_found(invocation.directory / ".venv", passed_over)


def usual_python(invocation: Invocation) -> str | None:
    """Return ``python3`` on PATH, passing over the environment that accel-doctor runs from; None if there is none.

    ``uvx`` and ``pre-commit`` put that environment first.
    """
    directories = invocation.variables.get("PATH", "").split(os.pathsep)
    others = [each for each in directories if not _of_own_environment(Path(each).parent, invocation)]
    return shutil.which("python3", path=os.pathsep.join(others))


def _of_own_environment(directory: Path, invocation: Invocation) -> bool:
    return (directory / "pyvenv.cfg").is_file() and is_own(directory, invocation)


def _nothing_found(local: Path, passed_over: Collection[str]) -> UsageError:
    message = "; ".join(["there is no virtual environment to install into", *passed_over])
    if not os.path.lexists(local):
        return NoEnvironmentError(message, hint=_HOW_TO_MAKE_ONE)
    if passed_over:
        return UsageError(message, hint=_ANOTHER_PLACE)
    if (local / "pyvenv.cfg").is_file():
        return UsageError(f"the interpreter of {local} no longer exists", hint="accel-doctor repair gives it another")
    return UsageError(
        f"{message}: {local} is no virtual environment", hint=_HOW_TO_MAKE_ONE.replace("-m venv", "-m venv --clear")
    )


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
            raise UsageError(f"--python {python}: there is no Python in this directory", hint=_WHAT_TO_NAME)
        return executable
    if path.is_file():
        return path
    is_version = re.fullmatch(r"\d(\.\d{1,2})?", python) is not None
    if "/" not in python:
        found = shutil.which(f"python{python}" if is_version else python, path=invocation.variables.get("PATH", ""))
        if found:
            return invocation.directory / found
    if is_version:
        raise UsageError(f"--python {python}: there is no python{python} on PATH", hint=_WHAT_TO_NAME)
    raise UsageError(f"--python {python}: no such file, directory or command", hint=_WHAT_TO_NAME)


def _python_of(folder: Path) -> Path | None:
    return next((path for name in ("python", "python3") if (path := folder / "bin" / name).is_file()), None)


def _of_a_tool(environment: Path, invocation: Invocation) -> str | None:
    """Return why nothing is installed into an environment that was found, not named; None if nothing is against it."""
    real = environment.resolve()
    if is_own(environment, invocation):
        return "is accel-doctor's own"
    if any((real / receipt).exists() for receipt in _RECEIPTS) or _OF_UVS_CACHE.search(f"{real}/"):
        return "belongs to a tool"
    return None


def is_own(environment: Path, invocation: Invocation) -> bool:
    """Return whether accel-doctor itself is installed in an environment, and runs from there."""
    return environment.resolve() == invocation.own.resolve()


def own_place(prefix: Path) -> Path:
    """Return the environment that accel-doctor is installed in: the one at ``prefix``, of the Python that runs it; else
    (unpacked from a single file, which any Python runs) the directory of its packages."""
    packages = Path(__file__).parents[3]
    editable = "lib/python*/site-packages/accel_doctor-*.dist-info"
    return prefix if packages.is_relative_to(prefix) or any(prefix.glob(editable)) else packages
