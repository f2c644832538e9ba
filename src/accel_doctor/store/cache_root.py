"""Open the directory of a cache: a new or empty one, or one that is marked as ours, and nobody else's.

Everything in it may be removed one day. So a directory with other files in it is never used as a cache, and neither
is one whose parts are symlinks, which would lead removals somewhere else.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from accel_doctor.errors import UsageError
from accel_doctor.ownership import outsider, read_own
from accel_doctor.store.documents import KEY
from accel_doctor.store.layout import (
    ASIDE_NAME,
    CACHEDIR_TAG,
    CURES,
    ENVIRONMENTS,
    FRONTENDS,
    IMPORTS,
    INTERPRETERS,
    LAYOUT_NAME,
    LEASES,
    LIBRARIES,
    LOCKS,
    LOGS,
    MARKER,
    OLDEST,
    RUN_NAME,
    SOURCES,
    UNFINISHED,
    WHEELS,
)
from accel_doctor.whole_files import replacing

MARK = "accel-doctor-cache"
_MARK_CONTENT = b"accel-doctor cache, layout 1\n"
_ANOTHER = "name a new or an empty directory with --cache-dir"

# The directories of a cache, and the names in each. A cache of a version that did not mark its directory has no others.
_PARTS = {
    WHEELS: re.compile(rf"{LAYOUT_NAME.pattern}|locks|{UNFINISHED}|{re.escape(CACHEDIR_TAG)}"),
    SOURCES: KEY,
    LOCKS: LAYOUT_NAME,
    CURES: KEY,
    IMPORTS: KEY,
    ENVIRONMENTS: LAYOUT_NAME,
    LOGS: RUN_NAME,
    INTERPRETERS: re.compile(rf"{KEY.pattern}\.json|{ASIDE_NAME.pattern}"),
    FRONTENDS: re.compile(r"uv|pip|pip\.lock|pip-\w+"),
    OLDEST: re.compile(r"[\w.-]+"),
}
# Without one of these, a directory that looks like a cache may still be somebody's own: logs named by date, say.
_PROOFS = (LEASES, INTERPRETERS, f"{WHEELS}/{CACHEDIR_TAG}", f"{ENVIRONMENTS}/v1/{CACHEDIR_TAG}")
# What is below them and no shelf of entries: nothing is written through a symlink there.
_OF_ENVIRONMENTS = ("v1", *(f"v1/{name}" for name in ("entries", "packs", "pool", "checked", INTERPRETERS, UNFINISHED)))
_BELOW = (
    *(f"{WHEELS}/{name}" for name in ("v1", "v2", "locks", UNFINISHED)),
    f"{LOCKS}/v1",
    f"{FRONTENDS}/pip",
    f"{FRONTENDS}/uv",
    *_OF_ENVIRONMENTS,  # in a cache of environments alone
    *(f"{ENVIRONMENTS}/{name}" for name in _OF_ENVIRONMENTS),
)


class OthersCacheError(UsageError):
    """Refuse a cache that another user owns, who could change what is in it."""


def open_cache_root(directory: Path, *, create: bool = True) -> Path:
    """Check that a directory is a cache or can become one; with ``create``, make and mark it. Return it.

    Raises OthersCacheError for another user's, UsageError for a directory with other files in it. One that cannot be
    read or written is left as it is: whoever uses it tells so.
    """
    _refuse_anothers(directory)
    try:
        names = sorted(path.name for path in directory.iterdir())
    except FileNotFoundError:
        names = []
    except OSError:
        return directory
    if MARK in names:
        _check_mark(directory)
    elif not _is_empty(names) and not _is_unmarked_cache(directory, names):
        other = next((name for name in names if name not in _PARTS), names[0])
        raise UsageError(f"{directory} is not a cache of accel-doctor, and not empty: it holds {other}", hint=_ANOTHER)
    _refuse_symlinks(directory)
    if create and MARK not in names:
        with suppress(OSError):  # a full disk, or a directory that only its owner can write
            directory.mkdir(parents=True, exist_ok=True)
            for name, content in ((CACHEDIR_TAG, MARKER), (MARK, _MARK_CONTENT)):
                with replacing(directory / name) as aside:
                    aside.write_bytes(content)
    return directory


def _refuse_anothers(directory: Path) -> None:
    nearest = next((place for place in (directory, *directory.parents) if os.path.lexists(place)), directory)
    # Whoever is not root may make a cache of their own wherever they may write.
    if nearest != directory and os.geteuid() != 0:
        return
    if owner := outsider(nearest):
        raise OthersCacheError(
            f"the cache {directory} belongs to another user ({owner})",
            hint="name one of your own with --cache-dir; with sudo, use sudo -H",
        )


def _check_mark(directory: Path) -> None:
    try:
        content = read_own(directory / MARK, len(_MARK_CONTENT) + 1)
    except OSError as error:
        raise OthersCacheError(f"{directory} is not a cache of accel-doctor: {error}", hint=_ANOTHER) from None
    if content != _MARK_CONTENT:
        raise UsageError(f"the cache {directory} was made by another version of accel-doctor", hint=_ANOTHER)


def _is_empty(names: Iterable[str]) -> bool:
    return all(name == CACHEDIR_TAG or ASIDE_NAME.fullmatch(name) for name in names)


def _is_unmarked_cache(directory: Path, names: Iterable[str]) -> bool:
    """Return whether a directory has the layout of a cache, and no other file."""
    return _is_environment_cache(directory) or (
        any((directory / proof).exists() for proof in _PROOFS) and all(_is_part(directory, name) for name in names)
    )


def _is_part(directory: Path, name: str) -> bool:
    path = directory / name
    if path.is_symlink():
        return name in (*_PARTS, LEASES)  # told apart
    if name == LEASES:
        return path.is_file() and path.stat().st_size == 0
    if pattern := _PARTS.get(name):
        return path.is_dir() and all(pattern.fullmatch(inside) for inside in _names(path))
    return path.is_file() and (name in (LIBRARIES, CACHEDIR_TAG) or ASIDE_NAME.fullmatch(name) is not None)


def _is_environment_cache(directory: Path) -> bool:
    """Return whether a directory has environments alone, as those of a project's own cache are kept."""
    tag = directory / "v1" / CACHEDIR_TAG
    with suppress(OSError):
        return list(_names(directory)) == ["v1"] and tag.read_bytes() == MARKER
    return False


def _names(directory: Path) -> Iterator[str]:
    try:
        yield from (path.name for path in directory.iterdir())
    except OSError:
        return


def _refuse_symlinks(directory: Path) -> None:
    for name in (*_PARTS, LEASES, LIBRARIES, *_BELOW):
        if (directory / name).is_symlink():
            raise UsageError(
                f"{directory / name} is a symlink: accel-doctor follows none inside its cache",
                hint="remove it, or name another directory with --cache-dir",
            )
