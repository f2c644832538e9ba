"""What package managers print: asked for in English, read for sizes, quoted, and told apart where it is trouble."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum

from accel_doctor.errors import PackageManagerError

# What is parsed is asked for in English.
ENGLISH = {"LC_ALL": "C"}

# What apt, dpkg, dnf, rpm, zypper, pacman and curl say where the disk is full.
FULL_DISK = re.compile(
    r"No space left on device|enough free space in|enough free disk space|more space (?:needed )?on the"
    r"|^error: Partition|Failed writing received data to disk|\(Write failed\)"
)
AGAIN = "then run the same command again"

_UNITS = {"": 0, "k": 1, "m": 2, "g": 3, "t": 4}
_QUOTED_LINES = 4
_QUOTED_LENGTH = 300


class UnknownNameError(PackageManagerError):
    """A name that no metadata has; the package may be newer than the metadata here."""


class StaleListsError(PackageManagerError):
    """Package lists that do not say what the mirror has: an unknown name, or a file that is gone from it."""


class Meaning(Enum):
    """What a kind of trouble comes to."""

    LOCKED = "another program holds the lock"
    UNREACHABLE = "the network or a repository is out of reach"
    BROKEN = "a repository's files are not what its own lists say"
    EXPLAINED = "the program's own words say it"


@dataclass(frozen=True)
class Trouble:
    """One kind of failure of one program: the ``words`` that reveal it, its meaning and the next step.

    ``quote`` are the words to quote, where those that reveal it say too little; ``error`` is what is raised.
    """

    words: re.Pattern[str]
    meaning: Meaning
    hint: str = ""
    quote: re.Pattern[str] | None = None
    error: type[PackageManagerError] = PackageManagerError


def quoted(output: str, pattern: re.Pattern[str]) -> str | None:
    """Return the first few lines in which the pattern is found, cut where they are long; None if there are none."""
    lines = [line.strip()[:_QUOTED_LENGTH] for line in output.splitlines() if pattern.search(line)]
    return "\n".join(dict.fromkeys(lines[:_QUOTED_LINES])) or None


def last_words(output: str) -> str:
    """Return the last lines of an output, for where nothing better can be quoted."""
    lines = [line.rstrip()[:_QUOTED_LENGTH] for line in output.splitlines() if line.strip()]
    return "\n".join(lines[-_QUOTED_LINES:]) or "(no output)"


def size_in_bytes(number: str, unit: str, base: int) -> int:
    """Return ``46.0`` and ``M`` in bytes; ``base`` is what the tool calls a kilobyte."""
    return int(float(number.replace(",", "")) * base ** _UNITS[unit[:1].lower()])
