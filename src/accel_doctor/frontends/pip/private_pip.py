"""Finds the pip to run: the target's own where it is recent enough, else a private one, fetched once."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock
from packaging.version import InvalidVersion, Version

from accel_doctor.errors import ToolError
from accel_doctor.frontends.outcome import Kind, conclude
from accel_doctor.frontends.pip import pip_options
from accel_doctor.frontends.pip.pip_messages import read_pip
from accel_doctor.frontends.running import logged
from accel_doctor.frontends.uv import uv_options
from accel_doctor.frontends.uv.uv_messages import read_uv
from accel_doctor.interfaces import Runner
from accel_doctor.model import IndexSettings, Interpreter

OLDEST_PIP = Version("26.1")  # the first that installs from pylock.toml
_PRIVATE_REQUIREMENT = "pip>=26.1"


def is_new_enough(pip_version: str | None) -> bool:
    """Return whether a pip of this version can be the frontend."""
    if pip_version is None:
        return False
    try:
        return Version(pip_version) >= OLDEST_PIP
    except InvalidVersion:
        return False


@dataclass(frozen=True)
class PrivatePip:
    """A pip in accel-doctor's cache; ``python`` is an interpreter that can run it (accel-doctor's own)."""

    runner: Runner
    cache: Path
    python: Path
    variables: Mapping[str, str]
    uv: Path | None

    def command(self, interpreter: Interpreter, index: IndexSettings, log: Path) -> tuple[str, ...]:
        """Return the argv that runs it for ``interpreter``; fetch it first where it is missing.

        Raises NetworkError, RequirementsError or ToolError where it cannot be had.
        """
        package = self._directory / "pip"
        if not package.is_dir():
            self._fetch(index, log)
        return (str(self.python), str(package), "--python", str(interpreter.executable))

    @property
    def _directory(self) -> Path:
        return self.cache / "frontends" / "pip"

    def _fetch(self, index: IndexSettings, log: Path) -> None:
        parent = self._directory.parent
        parent.mkdir(parents=True, exist_ok=True)
        with FileLock(parent / "pip.lock"):
            if (self._directory / "pip").is_dir():
                return  # another run was quicker
            with tempfile.TemporaryDirectory(prefix="pip-", dir=parent) as work:
                made = Path(work) / "made"
                self._install_into(made, index, log)
                shutil.rmtree(self._directory, ignore_errors=True)  # a half removed one
                made.rename(self._directory)

    def _install_into(self, directory: Path, index: IndexSettings, log: Path) -> None:
        if self.uv is not None:
            argv = [
                str(self.uv), "pip", "install", "--python", str(self.python), "--target", str(directory),
                *uv_options.common_arguments(0), *uv_options.index_arguments(index, self.variables),
                _PRIVATE_REQUIREMENT,
            ]  # fmt: skip
            variables = uv_options.index_variables(index)
        else:
            argv = [
                str(self.python), "-m", "pip", "install", "--target", str(directory), *pip_options.COMMON,
                *pip_options.index_arguments(index), _PRIVATE_REQUIREMENT,
            ]  # fmt: skip
            variables = pip_options.own_configuration(self.variables, {})
        completed, said = logged(self.runner, argv, log, variables)
        if completed.returncode == 0 and (directory / "pip").is_dir():
            return
        verdict = read_uv(said) if self.uv is not None else read_pip(said)
        if verdict.kind is Kind.BUILD or completed.returncode == 0:
            raise ToolError(f"cannot fetch pip {OLDEST_PIP} or newer", hint=f"full output: {log}")
        conclude(verdict, "uv" if self.uv is not None else "pip", "fetch-pip", log, completed)
