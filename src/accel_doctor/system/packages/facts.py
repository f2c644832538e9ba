"""The value that holds what is fixed about one package manager."""

from __future__ import annotations

import re
from dataclasses import dataclass

_LONGEST_NAME = 200


@dataclass(frozen=True)
class ManagerFacts:
    """One package manager: its name, in rule files and messages, and the grammar of its package names.

    ``names`` leaves out everything that the program would read as something other than the name of one package to
    install: options, versions, patterns, groups, orders to remove.
    """

    name: str
    names: re.Pattern[str]

    def accepts(self, name: str) -> bool:
        """Return whether ``name`` may be handed to it as a package name."""
        return len(name) <= _LONGEST_NAME and self.names.fullmatch(name) is not None
