"""What an index is told to serve."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from accel_doctor.model.requests import Connection


@dataclass(frozen=True)
class ServerSettings:
    """What an index serves, and from where."""

    data: Path
    upstreams: Sequence[str] = ()  # PyPI; offline, all of which there is something
    claims: Sequence[str] = ()
    only: Sequence[str] = ()  # patterns of names that are looked up in upstreams
    min_age: float = 0.0  # seconds, of files of upstreams
    denied: Sequence[str] = ()  # name==version and SHA-256
    offline: bool = False
    most_bytes: int | None = None  # of files of upstreams
    access_log: bool = False
    cache: Path | None = None  # of the wheels that were built
    connection: Connection = Connection()
