"""Start a frontend where it may run the code of sources, whose metadata it builds: in a sandbox of its own.

uv and pip start that code themselves, so it has what they need: the network, and reading everything. It cannot write
but where they work, and nothing of it is left running.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from accel_doctor.interfaces import Sandbox
from accel_doctor.model.processes import Rights
from accel_doctor.model.requests import InstallRequest
from accel_doctor.requirements.specifier import local_project

_TEMPORARY = (Path("/tmp"), Path("/var/tmp"))  # noqa: S108 where frontends keep locks that all their processes share


def hosted(sandbox: Sandbox, argv: Sequence[str], writable: Iterable[Path]) -> tuple[str, ...]:
    """Return the command that runs ``argv`` with no other directories to write to than ``writable``, which are made,
    and those for temporary files."""
    places = (Path(tempfile.gettempdir()), *_TEMPORARY, *writable)
    for place in places:
        place.mkdir(parents=True, exist_ok=True)
    return sandbox.command(argv, Rights(readable=None, writable=places, network=True, credentials=True))


def unlimited(sandbox: Sandbox, argv: Sequence[str]) -> tuple[str, ...]:
    """Return the command that runs ``argv`` with all rights, and ends what it leaves running."""
    return sandbox.command(argv, Rights(readable=None, writable=None, network=True, credentials=True))


def projects(request: InstallRequest) -> Iterator[Path]:
    """Yield the directories that are to be installed, or the repositories they are part of: backends write beside
    their sources."""
    for line in request.requirements:
        if path := local_project(line):
            yield next((place for place in (path, *path.parents) if (place / ".git").exists()), path)
