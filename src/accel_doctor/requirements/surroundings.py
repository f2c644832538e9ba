"""Where a request is read."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Surroundings:
    """Relative paths begin at ``directory``, ``~`` is ``home``, ``${NAME}`` comes from ``environment``."""

    directory: Path
    home: Path
    environment: Mapping[str, str]
    in_virtual_environment: bool  # whether the target interpreter is in one

    def expand(self, location: str) -> str:
        """``~`` replaced."""
        return f"{self.home}{location[1:]}" if location == "~" or location.startswith("~/") else location

    def absolute(self, location: str) -> str:
        """``~`` replaced, and absolute."""
        return posixpath.normpath(posixpath.join(str(self.directory), self.expand(location)))
