"""Read what an index is told to serve."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from accel_doctor.cli.configuration import state_directory
from accel_doctor.model.machine import Invocation
from accel_doctor.model.requests import Connection


@dataclass(frozen=True)
class ServerSettings:
    """Say what an index serves, and from where."""

    data: Path
    upstreams: Sequence[str] = ()  # PyPI; offline, all of which there is something
    claims: Sequence[str] = ()
    only: Sequence[str] = ()  # patterns of names that are looked up in upstreams
    min_age: float = 0.0  # seconds, of files of upstreams
    denied: Sequence[str] = ()  # name==version and SHA-256
    offline: bool = False
    most_bytes: int | None = None  # of files of upstreams
    access_log: bool = False
    by_client: bool = False  # built wheels by the distribution that clients tell
    cache: Path | None = None  # of the wheels that were built
    connection: Connection = Connection()
    private: bool = False  # reading needs a token, too
    max_upload: int = 2 << 30  # bytes of a file


def index_directory(chosen: str | None, invocation: Invocation) -> Path:
    """Return the directory of an index: the one that was chosen, else ours in the state directory."""
    data = Path(chosen).expanduser() if chosen else state_directory(invocation.variables) / "index"
    return invocation.directory / data
