"""Remember what was imported, so that the same distributions are not imported again on this machine.

One empty file for each set of distributions, named by what an import depends on. If anything of that changes, the name
does.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Mapping
from contextlib import suppress
from pathlib import Path

_FILE = "imported"


class KnownImports:
    """The sets of distributions that were imported, in one directory. ``facts`` are what else an import depends on."""

    def __init__(self, root: Path, facts: Mapping[str, object]) -> None:
        self._root = root
        self._facts = facts

    def has(self, names: Collection[str], content: Collection[str]) -> bool:
        """Return whether ``names`` were imported in an environment of this ``content``, its metadata directories."""
        return (self._place(names, content) / _FILE).exists()

    def add(self, names: Collection[str], content: Collection[str]) -> None:
        """Remember that they were imported; in a cache that cannot be written, do nothing."""
        place = self._place(names, content)
        with suppress(OSError):
            place.mkdir(parents=True, exist_ok=True)
            (place / _FILE).touch()

    def _place(self, names: Collection[str], content: Collection[str]) -> Path:
        facts = [sorted(names), sorted(content), dict(self._facts)]
        return self._root / hashlib.sha256(json.dumps(facts, sort_keys=True, default=str).encode()).hexdigest()
