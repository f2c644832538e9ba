"""Replace one environment by another in one move: readers see either the old or the new one, whole."""

from __future__ import annotations

import errno
import os
import secrets
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from accel_doctor.errors import AccelDoctorError, UsageError
from accel_doctor.store.locks import claimed, directory_locked

_MARK = ".accel-doctor-"
_NEW, _OLD = f"{_MARK}new-", f"{_MARK}old-"
_AT_FDCWD = -100  # <fcntl.h>
_RENAME_EXCHANGE = 2  # renameat2(2)


class SwapError(AccelDoctorError):
    """Raised if an environment cannot be moved into place; the old one is still there."""


@contextmanager
def place_beside(target: Path) -> Iterator[Path]:
    """Create an empty directory beside ``target`` for the duration of the block; remove leftovers of killed runs.

    Raise UsageError if ``target`` is something that an environment must not replace.
    """
    recover(target)
    check(target)
    beside, descriptor = _made(target)
    try:
        yield beside
    finally:
        shutil.rmtree(beside, ignore_errors=True)
        os.close(descriptor)


def check(target: Path) -> None:
    """Raise UsageError for a directory that holds anything other than an environment."""
    with suppress(FileNotFoundError):
        if not stat.S_ISDIR(target.stat().st_mode):
            raise UsageError(f"{target} is not a directory", hint="choose another virtualenv_path")
        if not (target / "pyvenv.cfg").exists() and any(target.iterdir()):
            raise UsageError(
                f"refused to replace {target}: it is not a virtual environment (no pyvenv.cfg)",
                hint="choose another virtualenv_path, or remove it",
            )


def put_in_place(beside: Path, target: Path) -> None:
    """Move ``beside`` to ``target``, and the old ``target``, if any, to ``beside``. Raise SwapError."""
    with directory_locked(target.parent):
        for _ in range(3):  # another program, which takes no locks, may interfere
            try:
                if not target.exists():
                    beside.rename(target)
                elif not _exchanged(beside, target):
                    _in_two_moves(beside, target)
                return
            except OSError as error:
                if error.errno in (errno.ENOTEMPTY, errno.EEXIST, errno.ENOENT):
                    continue
                raise _explained(error, target) from error
    raise SwapError(f"{target} is being changed by another program", hint="run it again")


def recover(target: Path) -> None:
    """Remove leftovers of killed runs beside ``target``, and finish a run that was killed between two moves."""
    for path in sorted(target.parent.glob(f".{_bare(target)}{_MARK}*-*")):
        if path.name.startswith(f".{_bare(target)}{_OLD}") and not target.exists():
            with directory_locked(target.parent), suppress(OSError):
                if not target.exists():
                    path.rename(target)
                    continue
        with suppress(OSError):
            descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
            try:
                if claimed(descriptor):
                    shutil.rmtree(path, ignore_errors=True)
            finally:
                os.close(descriptor)


def _bare(target: Path) -> str:
    # a part of a name without any of glob's special characters
    return "".join(character if character.isalnum() else "_" for character in target.name)


def _made(target: Path) -> tuple[Path, int]:
    target.parent.mkdir(parents=True, exist_ok=True)
    while True:
        beside = target.parent / f".{_bare(target)}{_NEW}{secrets.token_hex(8)}"
        beside.mkdir()
        try:
            descriptor = os.open(beside, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        except FileNotFoundError:
            continue  # another run took it for a leftover
        free = claimed(descriptor)
        if free is None or (free and beside.exists()):
            return beside, descriptor
        os.close(descriptor)


def _exchanged(one: Path, other: Path) -> bool:
    """Swap the two in one move; return False if the system cannot."""
    import ctypes

    renameat2 = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
    if renameat2 is None:
        return False
    failed = renameat2(_AT_FDCWD, os.fsencode(one), _AT_FDCWD, os.fsencode(other), _RENAME_EXCHANGE)
    if not failed:
        return True
    number = ctypes.get_errno()
    if number in (errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP):
        return False
    raise OSError(number, os.strerror(number), str(other))


def _in_two_moves(beside: Path, target: Path) -> None:
    old = target.parent / f".{_bare(target)}{_OLD}{secrets.token_hex(8)}"
    target.rename(old)
    try:
        beside.rename(target)
    except OSError:
        old.rename(target)
        raise
    with suppress(FileNotFoundError):  # another run has removed it already
        old.rename(beside)


def _explained(error: OSError, target: Path) -> SwapError:
    hints = {
        errno.EBUSY: "it is a mount point: set virtualenv_path to a directory inside it",
        errno.EXDEV: f"it is part of a container image: rm -r {target}, then run the same command",
    }
    return SwapError(f"cannot replace {target}: {error.strerror}", hint=hints.get(error.errno or 0))
