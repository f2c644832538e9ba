"""Define the layout of the cache directory, and the grammar of the names in it."""

from __future__ import annotations

import re
from pathlib import Path

LEASES = "in-use.lock"
WHEELS = "wheels"
SOURCES = "sources"
LOCKS = "locks"
CURES = "cures"
IMPORTS = "imports"
ENVIRONMENTS = "environments"
LOGS = "logs"
INTERPRETERS = "interpreters"
FRONTENDS = "frontends"
LIBRARIES = "libraries.json"
UNFINISHED = "unfinished"  # in a kind's directory: entries that are being written or removed
OLDEST = "installations"  # of a version that kept installed files
OLDER = (OLDEST, f"{WHEELS}/locks", f"{WHEELS}/v1")  # of older versions; those of newer ones are kept

# https://bford.info/cachedir/: backup tools leave marked directories alone
CACHEDIR_TAG = "CACHEDIR.TAG"
MARKER = b"Signature: 8a477f597d28d172789f06886806bc55\n# Made by accel-doctor; safe to delete.\n"

# What we name, beside keys (``documents.KEY``), and so what we may remove.
SHELF_NAME = re.compile(r"[0-9a-f]{2}")  # the first digits of the keys in it
LAYOUT_NAME = re.compile(r"v[0-9]{1,3}")
RUN_NAME = re.compile(r"[0-9]{8}-[0-9]{6}-[0-9]{1,10}")  # a run's logs: date, time, process
SCRATCH_NAME = re.compile(r"[0-9a-f]{32}")
ASIDE_NAME = re.compile(r"\.[0-9a-f]{32}\.part")  # a file that is being written


def directories(directory: Path, *names: re.Pattern[str]) -> list[Path]:
    """Return the directories below ``directory`` whose path has these names, one pattern for each level, sorted; none
    if there are none. Never follows a symlink. Raises OSError if it cannot be read.
    """
    if directory.is_symlink():
        return []
    try:
        found = sorted(
            path
            for path in directory.iterdir()
            if names[0].fullmatch(path.name) and path.is_dir() and not path.is_symlink()
        )
    except (FileNotFoundError, NotADirectoryError):
        return []
    return found if len(names) == 1 else [path for each in found for path in directories(each, *names[1:])]
