"""Choose the pip to run, and its arguments: the target's own if recent enough, else a private one, fetched once."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from filelock import FileLock
from packaging.version import InvalidVersion, Version

from accel_doctor.errors import ToolError, UsageError
from accel_doctor.frontends.outcome import Blame, conclude, logged
from accel_doctor.frontends.pip.pip_messages import read_pip
from accel_doctor.frontends.telling import as_arguments, secret_urls, without_secret_urls
from accel_doctor.frontends.uv import uv_arguments
from accel_doctor.frontends.uv.uv_messages import read_uv
from accel_doctor.interfaces import Runner
from accel_doctor.model.machine import Interpreter
from accel_doctor.model.requests import IndexSettings
from accel_doctor.requirements.pip_option_table import Part

COMMON = ("--no-color", "--no-input", "--disable-pip-version-check")
OLDEST_PIP = Version("26.1")  # the first that installs from pylock.toml
_PRIVATE_REQUIREMENT = "pip>=26.1"


def is_new_enough(pip_version: str | None) -> bool:
    """Return whether pip of this version can serve as the frontend."""
    try:
        return pip_version is not None and Version(pip_version) >= OLDEST_PIP
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
        """Return the argv that runs it for ``interpreter``; fetch it first if it is missing.

        Raises NetworkError, RequirementsError or ToolError if fetching fails.
        """
        package = self._directory / "pip"
        if not package.is_dir():
            self._fetch(index, log)
        return (str(self.python), str(package), "--python", str(interpreter.executable))

    def alone(self, interpreter: Interpreter, index: IndexSettings, log: Path) -> tuple[str, ...]:
        """Return the argv that runs it in ``interpreter`` itself, and without regard to Python's variables, which what
        it starts heeds; raise like :meth:`command`."""
        _, package, *_ = self.command(interpreter, index, log)
        return (str(interpreter.executable), "-E", package)

    @property
    def _directory(self) -> Path:
        return self.cache / "frontends" / "pip"

    def _fetch(self, index: IndexSettings, log: Path) -> None:
        parent = self._directory.parent
        parent.mkdir(parents=True, exist_ok=True)
        with FileLock(parent / "pip.lock"):
            if (self._directory / "pip").is_dir():
                return  # another run was faster
            with tempfile.TemporaryDirectory(prefix="pip-", dir=parent) as work:
                made = Path(work) / "made"
                self._install_into(made, index, log)
                shutil.rmtree(self._directory, ignore_errors=True)  # left half-removed
                made.rename(self._directory)

    def _install_into(self, directory: Path, index: IndexSettings, log: Path) -> None:
        if self.uv is not None:
            argv = [
                str(self.uv), "pip", "install", "--python", str(self.python), "--target", str(directory),
                *uv_arguments.PLAIN_OUTPUT, *uv_arguments.index_arguments(index, self.variables), _PRIVATE_REQUIREMENT,
            ]  # fmt: skip
            variables = uv_arguments.index_variables(index)
        else:
            argv = [
                str(self.python), "-m", "pip", "install", "--target", str(directory), *COMMON,
                *index_arguments(index), _PRIVATE_REQUIREMENT,
            ]  # fmt: skip
            variables = {**own_configuration(self.variables, {}), **index_variables(index)}
        completed, said = logged(self.runner, argv, log, variables)
        if completed.returncode == 0 and (directory / "pip").is_dir():
            return
        verdict = read_uv(said) if self.uv is not None else read_pip(said)
        if verdict.blame is Blame.BUILD or completed.returncode == 0:
            raise ToolError(f"cannot fetch pip {OLDEST_PIP} or newer", hint=f"full output: {log}")
        conclude(verdict, "uv" if self.uv is not None else "pip", "fetch-pip", log, completed)


def index_arguments(index: IndexSettings) -> list[str]:
    """Return the options for indexes and for connections to them."""
    if index.offline and not index.find_links:
        raise UsageError(
            "pip has no offline mode",
            hint="name a directory of distributions with --find-links, or use --frontend uv",
        )
    if index.offline:
        index = replace(index, no_index=True, index_url=None, extra_index_urls=())
    return as_arguments("pip", without_secret_urls(index), Part.INDEX)


def index_variables(index: IndexSettings) -> dict[str, str]:
    """Return the variables for what :func:`index_arguments` leaves out."""
    return {} if index.offline else secret_urls(index, "PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL")


def own_configuration(variables: Mapping[str, str], left_to_pip: Mapping[str, str]) -> dict[str, str]:
    """Return the environment variables that keep pip from reading its configuration again.

    The request already contains it, and ``requirement = ...`` read again would install more than the lock. pip ignores
    empty variables. ``left_to_pip`` are the settings that a request does not hold (``cache-dir``, ...).
    """
    silenced = {name: "" for name in variables if name.startswith("PIP_")}
    return {**silenced, "PIP_CONFIG_FILE": "/dev/null", **left_to_pip}
