"""Tell how far a directory is from a default search path of build tools: 0 is on it, 1 is one directory below.

None is for directories elsewhere. No regular expressions: compiling them takes longer than a look-up.
"""

from __future__ import annotations

from collections.abc import Sequence

_LIBRARIES = ("lib", "lib64")


def below_include(directory: str) -> int | None:
    """Return the distance of a directory of headers; a compiler's own is one farther, since no other searches it."""
    parts = directory.split("/")
    if parts[:2] == ["usr", "include"]:
        return len(_within(parts[2:]))
    if parts[0] == "usr" and parts[1:2] and parts[1] in (*_LIBRARIES, "share") and "include" in parts[3:]:
        return len(parts) - parts.index("include", 3)
    return None


def below_libraries(directory: str) -> int | None:
    """Return the distance of a directory of libraries."""
    first, *rest = _without_usr(directory)
    return len(_within(rest)) if first in _LIBRARIES else None


def below_pkgconfig(directory: str) -> int | None:
    """Return the distance of a directory of ``.pc`` files."""
    usr, *parts = directory.split("/")
    if usr != "usr" or not parts or parts[0] not in (*_LIBRARIES, "share"):
        return None
    rest = _within(parts[1:])
    return len(rest) - 1 if rest[:1] == ["pkgconfig"] else None


def below_commands(directory: str) -> int | None:
    """Return the distance of a directory of commands."""
    first, *rest = _without_usr(directory)
    return len(rest) if first == "bin" else None


def depth(directory: str) -> int:
    """Return how deep a directory is."""
    return len(directory.split("/")) if directory else 0


def _without_usr(directory: str) -> list[str]:
    parts = directory.split("/")
    return parts[1:] if parts[0] == "usr" and len(parts) > 1 else parts


def _within(parts: Sequence[str]) -> Sequence[str]:
    """Return the parts without a leading triplet such as ``x86_64-linux-gnu``."""
    triplet = parts and "-linux-" in parts[0] and parts[0].count("-") == 2
    return parts[1:] if triplet else parts
