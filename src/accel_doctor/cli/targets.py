"""The environment that ``install`` works on: the one that is there, else one that it makes."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from shutil import which

from packaging.specifiers import SpecifierSet

from accel_doctor.cli.options import FrontendOptions, TargetOptions, own
from accel_doctor.cli.pip_line import prepare
from accel_doctor.cli.session import Session
from accel_doctor.cli.terminal.asking import confirmed
from accel_doctor.errors import UsageError
from accel_doctor.frontends.choice import find_uv
from accel_doctor.model.machine import Interpreter
from accel_doctor.requirements.pip_option_table import ParsedArguments
from accel_doctor.system.python.base_interpreter import find_base_interpreter
from accel_doctor.system.python.interpreter import describe
from accel_doctor.system.python.making import make_environment
from accel_doctor.system.python.target import NoEnvironmentError

_NAME = ".venv"
_NEWEST = 30  # minor version of a Python that is looked for
_HINT = "--venv makes ./.venv and installs into it; or name an environment with --python"


@dataclass(frozen=True)
class InstallTargetOptions(TargetOptions):
    """Options for the environment to install into, and for making one."""

    venv: bool = own("--venv", default=False, help="Where there is no environment, make ./.venv without asking.")


@contextmanager
def with_target(
    session: Session,
    pip: ParsedArguments,
    options: InstallTargetOptions,
    frontend: FrontendOptions,
    wanted: SpecifierSet | None = None,
    *,
    dry_run: bool,
) -> Iterator[tuple[Session, Path]]:
    """Yield the session with an interpreter to install with, and the environment that is meant.

    Without an environment, ``./.venv`` is made if that is wanted, by a Python on PATH of a ``wanted`` version; for a
    dry run, one that is removed at the end of the block. What is installed elsewhere (``--target``) needs none: the
    python3 on PATH will do. Raises UsageError.
    """
    try:
        found = session.interpreter
    except NoEnvironmentError as error:
        missing = error
    else:
        yield session, found.prefix
        return
    session, base = _with_base(session, wanted)
    prepare(session, pip, frontend)  # what is wrong with the command line comes first
    if not {"target", "prefix"}.isdisjoint(pip.options):
        yield session, base
        return
    place, question = session.invocation.directory / _NAME, f"There is no virtual environment. Make ./{_NAME}?"
    if not (options.venv or (session.terminal.interactive and (dry_run or confirmed(question)))):
        missing.hint = _HINT
        raise missing
    if not dry_run:
        made = _made(session, place, base, frontend)
        session.reporter.step(f"Made {place}")
        yield made, place
        return
    with tempfile.TemporaryDirectory(prefix="accel-doctor-") as scratch:
        session.reporter.note(f"would make {place}")
        yield _made(session, Path(scratch).resolve() / _NAME, base, frontend), place


def for_no_environment(session: Session) -> Session:
    """Return the session with an interpreter to build for, when nothing is installed: that of the environment, else the
    python3 on PATH. Raises UsageError."""
    try:
        return replace(session, chosen=session.interpreter)
    except NoEnvironmentError:
        return _with_base(session)[0]


def _with_base(session: Session, wanted: SpecifierSet | None = None) -> tuple[Session, Path]:
    """Return the session with the Python to make an environment with, and its path: python3, or the newest other one on
    PATH where that is not ``wanted``. Raises UsageError."""
    base = find_base_interpreter(None, session.invocation.directory / _NAME, session.invocation, session.reporter)
    found = describe(base, session.runner)
    if wanted is not None and not wanted.contains(found.version, prereleases=True):
        base, found = _other_python(wanted, found, session)
    return replace(session, chosen=replace(found, in_virtual_environment=True)), base


def _other_python(wanted: SpecifierSet, instead_of: Interpreter, session: Session) -> tuple[Path, Interpreter]:
    path = session.invocation.variables.get("PATH", "")
    for found in filter(None, (which(f"python3.{minor}", path=path) for minor in range(_NEWEST, 7, -1))):
        with suppress(UsageError):  # a shim of pyenv's
            described = describe(Path(found), session.runner)
            if wanted.contains(described.version, prereleases=True):
                return Path(found).absolute(), described
    raise UsageError(
        f"the project requires Python {wanted}, and python3 on PATH is Python {instead_of.version}",
        hint="install such a Python, or make an environment with one and name it with --python",
    )


def _made(session: Session, place: Path, base: Path, frontend: FrontendOptions) -> Session:
    uv = find_uv(session.invocation.variables) if frontend.frontend != "pip" else None
    make_environment(place, base, uv, session.runner, session.invocation.directory.name or _NAME)
    session.reporter.close()  # the session that is returned has a reporter of its own
    return replace(session, chosen=describe(place / "bin/python", session.runner))
