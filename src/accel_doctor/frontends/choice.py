"""Choose the frontend, and find uv."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

from accel_doctor.frontends import FRONTENDS
from accel_doctor.frontends.legacy_archives import LegacyArchives
from accel_doctor.interfaces import Frontend, Notifier, Runner, Sandbox
from accel_doctor.model.machine import Interpreter
from accel_doctor.requirements.pip_configuration import Configuration
from accel_doctor.requirements.pip_option_table import PIP_OPTIONS


@dataclass(frozen=True)
class FrontendParts:
    """The parts that every frontend is made from."""

    runner: Runner
    sandbox: Sandbox  # for what may run the code of sources
    interpreter: Interpreter
    variables: Mapping[str, str]  # environment of the frontend
    cache: Path  # accel-doctor's own directory
    configuration: Configuration
    notifier: Notifier | None = None

    @property
    def uv(self) -> Path | None:
        """Return the uv binary; None if not found."""
        return find_uv(self.variables)


def choose_frontend(name: str | None, parts: FrontendParts) -> Frontend:
    """Return the frontend called ``name``; for None, uv, with pip for what uv refuses, or pip alone if uv is not found.
    Raises UsageError for "uv" if it is not found."""
    if name is None and parts.uv:
        return LegacyArchives(_created("uv", parts), lambda: _created("pip", parts))
    return _created(name or "pip", parts)


def _created(name: str, parts: FrontendParts) -> Frontend:
    frontend: Frontend = import_module(FRONTENDS[name]).create(parts)
    return frontend


def settled_elsewhere(name: str, variables: Mapping[str, str]) -> frozenset[str]:
    """Return the keys of pip's configuration that ``variables`` override for frontend ``name``.

    If one of uv's variables is set, the user has configured uv itself: ``UV_INDEX_URL`` overrides pip.conf with uv.
    The command line overrides both.
    """
    return frozenset(option.key for option in PIP_OPTIONS if name == "uv" and any(map(variables.get, option.settled)))


def find_uv(variables: Mapping[str, str]) -> Path | None:
    """Return the uv installed with accel-doctor, else the one on PATH, else None."""
    import uv

    try:
        return Path(uv.find_uv_bin())
    except FileNotFoundError:
        found = shutil.which("uv", path=variables.get("PATH"))
        return Path(found) if found else None
