"""The frontends there are, and which one to use."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from accel_doctor.errors import UsageError
from accel_doctor.frontends.uv.uv_binary import find_uv
from accel_doctor.frontends.uv.uv_frontend import UvFrontend
from accel_doctor.frontends.uv.uv_options import configured_in_environment
from accel_doctor.interfaces import Frontend, Runner
from accel_doctor.model import Interpreter
from accel_doctor.requirements.pip_configuration import Configuration


@dataclass(frozen=True)
class _Facts:
    """What every frontend is made from."""

    runner: Runner
    interpreter: Interpreter
    environment: Mapping[str, str]
    cache: Path
    configuration: Configuration
    uv: Path | None


def _uv(facts: _Facts) -> Frontend:
    if facts.uv is None:
        raise UsageError("uv is not to be found", hint="install uv, or use --frontend pip")
    return UvFrontend(facts.runner, facts.interpreter, facts.environment, facts.uv)


def _pip(facts: _Facts) -> Frontend:
    from accel_doctor.frontends.pip.pip_environment import PrivatePip
    from accel_doctor.frontends.pip.pip_frontend import PipFrontend

    private = PrivatePip(facts.runner, facts.cache, Path(sys.executable), facts.environment, facts.uv)
    left_to_pip = facts.configuration.left_to_pip
    return PipFrontend(facts.runner, facts.interpreter, facts.environment, private, left_to_pip)


FRONTENDS: Mapping[str, Callable[[_Facts], Frontend]] = {"uv": _uv, "pip": _pip}


def choose_frontend(
    name: str | None,
    runner: Runner,
    interpreter: Interpreter,
    environment: Mapping[str, str],
    cache: Path,
    configuration: Configuration,
) -> Frontend:
    """The frontend called ``name``; with None uv, or pip where there is no uv.

    ``environment`` is what the frontend will inherit, ``cache`` accel-doctor's own directory (for a private pip).
    Raises UsageError for an unknown name, and for uv where there is none.
    """
    uv = find_uv(environment)
    chosen = name or ("pip" if uv is None else "uv")
    if chosen not in FRONTENDS:
        raise UsageError(f"no such frontend: {chosen} (choose from {', '.join(FRONTENDS)})")
    return FRONTENDS[chosen](_Facts(runner, interpreter, environment, cache, configuration, uv))


def settled_elsewhere(name: str, environment: Mapping[str, str]) -> frozenset[str]:
    """The keys of pip's configuration on which ``environment`` has the last word for frontend ``name``.

    For :meth:`Configuration.without`, before the request is read: ``UV_INDEX_URL`` beats a pip.conf under uv.
    """
    return configured_in_environment(environment) if name == "uv" else frozenset()
