"""Start a frontend where it may run the code of sources, whose metadata it builds: in a sandbox of its own.

uv and pip start that code themselves, so it has what they need: the network, and reading everything. It cannot write
but where they work, and nothing of it is left running.
"""

from __future__ import annotations

import os
import shlex
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from accel_doctor.interfaces import Sandbox
from accel_doctor.model.processes import Rights
from accel_doctor.model.requests import InstallRequest
from accel_doctor.requirements.specifier import local_project

_HELPERS = ("git", "keyring")
_TEMPORARY = (Path("/tmp"), Path("/var/tmp"))  # noqa: S108 where frontends keep locks that all their processes share


def hosted(sandbox: Sandbox, argv: Sequence[str], writable: Iterable[Path]) -> tuple[str, ...]:
    """Return the command that runs ``argv`` with no other directories to write to than ``writable``, which are made,
    and those for temporary files."""
    places = (Path(tempfile.gettempdir()), *_TEMPORARY, *writable)
    for place in places:
        place.mkdir(parents=True, exist_ok=True)
    return sandbox.command(argv, Rights(readable=None, writable=places, network=True, credentials=True))


def without_backends(directory: Path, variables: Mapping[str, str]) -> dict[str, str]:
    """Return variables with which no build backend can run in Python, since it does not start: PYTHONHOME
    (https://docs.python.org/3/using/cmdline.html#envvar-PYTHONHOME) names nothing. What frontends ask for passwords and
    repositories, which may be Python's, starts by scripts in ``directory``."""
    search = variables.get("PATH", os.defpath)
    for name in _HELPERS:
        if program := shutil.which(name, path=search):
            script = directory / "bin" / name
            script.parent.mkdir(exist_ok=True)
            script.write_text(f'#!/bin/sh\nunset PYTHONHOME\nexec {shlex.quote(program)} "$@"\n', encoding="utf-8")
            script.chmod(0o700)
    return {"PYTHONHOME": str(directory / "no-python"), "PATH": os.pathsep.join([str(directory / "bin"), search])}


def unlimited(sandbox: Sandbox, argv: Sequence[str]) -> tuple[str, ...]:
    """Return the command that runs ``argv`` with all rights, and ends what it leaves running."""
    return sandbox.command(argv, Rights(readable=None, writable=None, network=True, credentials=True))


def projects(request: InstallRequest) -> Iterator[Path]:
    """Yield the directories that are to be installed, or the repositories they are part of: backends write beside
    their sources."""
    for line in request.requirements:
        if path := local_project(line):
            yield next((place for place in (path, *path.parents) if (place / ".git").exists()), path)
