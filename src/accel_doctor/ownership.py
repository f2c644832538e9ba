"""Decide whose files are believed: our own and root's.

Whoever owns a file or a directory can change it at any time. pip (its cache) and git (``safe.directory``) judge alike.
"""

from __future__ import annotations

import os
import pwd
import stat
from collections.abc import Collection, Mapping
from pathlib import Path

_ROOT = 0


def invoking_user(variables: Mapping[str, str]) -> frozenset[int]:
    """Return the user who became root with sudo, whose own directories root then works in, as git does; else none."""
    uid = variables.get("SUDO_UID", "")
    return frozenset({int(uid)} if os.geteuid() == _ROOT and uid.isdecimal() and len(uid) <= 10 else ())


def outsider(*paths: Path, also: Collection[int] = ()) -> str | None:
    """Return the name of a user who owns one of ``paths``, or what it links to, and is neither we nor root nor in
    ``also``; None if there is no such user. What does not exist belongs to nobody."""
    for path in paths:
        for follow in (False, True):
            try:
                owner = path.stat(follow_symlinks=follow).st_uid
            except (OSError, ValueError):
                continue
            if not _believed(owner) and owner not in also:
                return user_name(owner)
    return None


def open_own(path: Path, flags: int = os.O_RDONLY, mode: int = 0o666) -> int:
    """Open a regular file that belongs to us or to root, and no symlink; return its descriptor.

    Raises PermissionError for another user's, OSError.
    """
    descriptor = os.open(path, flags | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK, mode)
    try:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode):
            raise PermissionError(f"not a regular file: {path}")
        if not _believed(found.st_uid):
            raise PermissionError(f"{path} belongs to another user ({user_name(found.st_uid)})")
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def read_own(path: Path, limit: int) -> bytes:
    """Read up to ``limit`` bytes of a file that belongs to us or to root. Raises OSError."""
    with os.fdopen(open_own(path), "rb") as stream:
        return stream.read(limit)


def user_name(uid: int) -> str:
    """Return the name of a user, or its number if it has none here."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"uid {uid}"


def _believed(owner: int) -> bool:
    return owner in (_ROOT, os.geteuid())
