"""The layout of the cache directory."""

from __future__ import annotations

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
UNFINISHED = "unfinished"  # in a kind's directory: entries that are being written or removed
OLDER = ("installations", f"{WHEELS}/locks", f"{WHEELS}/v1")  # of older versions; those of newer ones are kept

# https://bford.info/cachedir/: backup tools leave marked directories alone
CACHEDIR_TAG = "CACHEDIR.TAG"
MARKER = b"Signature: 8a477f597d28d172789f06886806bc55\n# Made by accel-doctor; safe to delete.\n"


def directories(directory: Path, depth: int = 1) -> list[Path]:
    """Return the directories ``depth`` levels below a directory, sorted; none if it does not exist.

    Raises OSError if it cannot be read.
    """
    try:
        found = sorted(path for path in directory.iterdir() if path.is_dir() and not path.is_symlink())
    except (FileNotFoundError, NotADirectoryError):
        return []
    return found if depth == 1 else [path for each in found for path in directories(each, depth - 1)]
