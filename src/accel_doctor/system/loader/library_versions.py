"""Read the versions that shared libraries define, once for each library until it changes.

Reading a library needs pyelftools, whose import alone takes longer than the rest of a lookup in the wheel store.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path

from accel_doctor.elf import read_elf
from accel_doctor.system.python.base_interpreter import remember

_LIMIT = 1 << 20  # bytes of the memory; a library's line has about a hundred
_MOST_REMEMBERED = 1000
_Seen = tuple[int, int]  # mtime in nanoseconds, size in bytes


def libraries_state(variables: Mapping[str, str]) -> str:
    """Return a value that changes when libraries are installed or removed: ldconfig(8) then rewrites its cache. Empty
    if there is none."""
    try:
        found = Path("/etc/ld.so.cache").stat()
    except OSError:
        return ""
    return f"{found.st_mtime_ns} {found.st_size} {variables.get('LD_LIBRARY_PATH', '')}"


class LibraryVersions:
    """The versions of libraries by path. ``memory`` is the JSON file that stores answers between runs."""

    def __init__(self, memory: Path | None = None) -> None:
        self._memory = memory
        self._known: dict[str, tuple[_Seen, frozenset[str]]] | None = None

    def of(self, path: Path) -> frozenset[str]:
        """Return the versions that a library defines; none if it cannot be read."""
        if self._known is None:
            self._known = self._remembered()
        try:
            with path.open("rb") as stream:
                status = os.fstat(stream.fileno())
                seen = (status.st_mtime_ns, status.st_size)
                if (known := self._known.get(str(path))) and known[0] == seen:
                    return known[1]
                facts = read_elf(stream)
        except OSError:
            return frozenset()
        self._known[str(path)] = seen, facts.defined if facts else frozenset()
        if self._memory is not None:
            latest = list(self._known.items())[-_MOST_REMEMBERED:]
            rows = {name: [*status, sorted(versions)] for name, (status, versions) in latest}
            remember(self._memory, json.dumps(rows))
        return self._known[str(path)][1]

    def _remembered(self) -> dict[str, tuple[_Seen, frozenset[str]]]:
        """Return the content of the memory file; nothing if it is missing, too long, or malformed."""
        if self._memory is None:
            return {}
        try:
            with self._memory.open("rb") as stream:
                rows = json.loads(stream.read(_LIMIT))
            return {
                str(path): ((int(modified), int(size)), frozenset(map(str, versions)))
                for path, (modified, size, versions) in rows.items()
            }
        except (OSError, ValueError, TypeError, AttributeError, RecursionError):
            return {}
