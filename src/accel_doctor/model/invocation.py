"""What accel-doctor was started with."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Invocation:
    """What a process was started with: the command line reads it once and passes it down.

    ``executable``, ``prefix`` and ``base_prefix`` are those of the Python that accel-doctor itself runs in.
    """

    variables: Mapping[str, str]
    directory: Path  # where relative paths begin
    command_line: tuple[str, ...] = ("accel-doctor",)
    executable: Path = Path("/usr/bin/python3")
    prefix: Path = Path("/usr")
    base_prefix: Path = Path("/usr")

    @property
    def home(self) -> Path:
        """Return the user's home directory."""
        return Path(self.variables.get("HOME") or "~").expanduser()

    def expand(self, location: str) -> str:
        """Return a path or URL with ``~`` replaced."""
        return f"{self.home}{location[1:]}" if location == "~" or location.startswith("~/") else location

    def absolute(self, location: str) -> str:
        """Return an absolute path, with ``~`` replaced."""
        return posixpath.normpath(posixpath.join(str(self.directory), self.expand(location)))
