"""Give the calling process mounts of its own, with only the stdlib.

Landlock does not know of modes, times and attributes of files, nor of sockets that are files. With mounts of its own
(https://man7.org/linux/man-pages/man7/mount_namespaces.7.html) a process sees everything read-only but its own
directories, no sockets of other programs, and a ``/dev/shm`` and terminals that only it has.
"""

from __future__ import annotations

import ctypes
import os
import stat
import struct
from collections.abc import Iterator, Sequence
from contextlib import suppress

_libc = ctypes.CDLL(None, use_errno=True)
_NEWNS, _NEWIPC, _NEWUSER = 0x00020000, 0x08000000, 0x10000000  # unshare(2)
_NOSUID, _NOEXEC, _BIND, _RECURSIVE, _PRIVATE = 2, 8, 4096, 16384, 1 << 18  # mount(2)
_MOUNT_SETATTR, _AT_FDCWD, _AT_RECURSIVE, _READ_ONLY = 442, -100, 0x8000, 1  # mount_setattr(2)

_SHARED_MEMORY = "/dev/shm"  # noqa: S108 as programs know it
_RUNNING = "/run"  # where services have their sockets
OWN_DEVICES = ("/dev/ptmx", "/dev/pts", _SHARED_MEMORY)  # the process's own with its own mounts only


def own_mounts(readable: Sequence[str], writable: Sequence[str], network: bool) -> bool:
    """Have mounts of this process alone, read-only but for the directories ``writable``; return whether that was
    possible. Without ``network``, sockets of other programs are covered."""
    # Tried in another process first: a namespace cannot be left again, and half of its mounts are worse than none.
    if not _would_work(readable, writable, network):
        return False
    _change(readable, writable, network)
    return True


def has_own_mounts() -> bool:
    """Return whether processes here can have mounts of their own."""
    return _would_work((), (), network=False)


def _would_work(readable: Sequence[str], writable: Sequence[str], network: bool) -> bool:
    child = os.fork()
    if child:
        return os.waitpid(child, 0)[1] == 0
    try:
        _change(readable, writable, network)
    except BaseException:
        os._exit(1)
    os._exit(0)


def _change(readable: Sequence[str], writable: Sequence[str], network: bool) -> None:
    uid, gid = os.geteuid(), os.getegid()
    _checked(_libc.unshare(_NEWNS | _NEWIPC | (_NEWUSER if uid else 0)))
    if uid:
        for name, text in (("setgroups", "deny"), ("uid_map", f"{uid} {uid} 1"), ("gid_map", f"{gid} {gid} 1")):
            with open(f"/proc/self/{name}", "w", encoding="ascii") as file:
                file.write(text)
    _mount(None, "/", None, _PRIVATE | _RECURSIVE)
    own = [path for path in writable if os.path.isdir(path) and path != _SHARED_MEMORY]
    for path in own:
        _mount(path, path, None, _BIND)
    if not network:
        _cover_sockets((*readable, *writable))
    _set("/", _READ_ONLY, 0, _AT_RECURSIVE)
    for path in own:
        _set(path, 0, _READ_ONLY, 0)
    if os.path.isdir(_SHARED_MEMORY):
        _cover_shared_memory((*readable, *writable))
    with suppress(OSError):  # where the process was before is below the old mount, which is read-only now
        os.chdir(os.getcwd())
    if os.path.isdir("/dev/pts"):
        _mount("none", "/dev/pts", "devpts", _NOSUID | _NOEXEC, "newinstance,ptmxmode=0666,mode=620")


def _cover_sockets(needed: Sequence[str]) -> None:
    """Cover the directory of services, unless something in it is needed, and what sockets there are elsewhere."""
    if os.path.isdir(_RUNNING) and not any(f"{path}/".startswith(f"{_RUNNING}/") for path in needed):
        _mount("none", _RUNNING, "tmpfs", _NOSUID | _NOEXEC, "mode=755,size=4k")
    for path in _sockets():
        try:
            _mount("/dev/null", path, None, _BIND)
        except (FileNotFoundError, NotADirectoryError):
            continue  # gone meanwhile


def _cover_shared_memory(needed: Sequence[str]) -> None:
    """Mount one of the process's own, with what is needed of the other: some people have temporary files there."""
    below = [path for path in dict.fromkeys(needed) if path.startswith(f"{_SHARED_MEMORY}/") and os.path.isdir(path)]
    opened = [os.open(path, os.O_PATH | os.O_CLOEXEC) for path in below]
    _mount("none", _SHARED_MEMORY, "tmpfs", _NOSUID, "mode=1777")
    for path, descriptor in zip(below, opened, strict=True):
        os.makedirs(path, mode=0o755, exist_ok=True)
        _mount(f"/proc/self/fd/{descriptor}", path, None, _BIND)
        os.close(descriptor)


def _sockets() -> Iterator[str]:
    """Yield the sockets of this machine that are files and that are there."""
    try:
        with open("/proc/net/unix", encoding="utf-8", errors="surrogateescape") as file:
            lines = file.read().splitlines()[1:]
    except OSError:
        return
    for path in {line.split(maxsplit=7)[7] for line in lines if line.count(" /")}:
        try:
            if path.startswith("/") and stat.S_ISSOCK(os.lstat(path).st_mode):
                yield path
        except OSError:
            continue


def _mount(source: str | None, target: str, kind: str | None, flags: int, data: str | None = None) -> None:
    texts = [None if one is None else os.fsencode(one) for one in (source, target, kind, data)]
    _checked(_libc.mount(*texts[:3], ctypes.c_ulong(flags), texts[3]))


def _set(path: str, added: int, taken: int, flags: int) -> None:
    attributes = struct.pack("=QQQQ", added, taken, 0, 0)
    arguments = _AT_FDCWD, os.fsencode(path), ctypes.c_uint(flags), attributes, ctypes.c_size_t(len(attributes))
    _checked(_libc.syscall(_MOUNT_SETATTR, *arguments))


def _checked(result: int) -> None:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
