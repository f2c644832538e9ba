"""Run one command with fewer rights and leave nothing of it running; a program of its own, with only the stdlib.

Its arguments are ``[RIGHT=VALUE...] -- COMMAND...``, where each right can be given more than once:

- ``read``, ``write``: a path that the command may use so, with all below it; with ``read=`` (no path) reading is not
  limited; without any right but ``without``, nothing is
- ``network=none``: sockets of this machine only
- ``user=UID:GID``: whom to become; as root without one, what only root may do is given up, but for files where
  reading is not limited
- ``without``: a variable that the command does not get

Rules of the kernel: Landlock (https://docs.kernel.org/userspace-api/landlock.html) for files, signals and abstract
sockets, mounts of its own for what Landlock does not know of files, a filter on system calls for the rest. The
command's processes become children of this one, wherever their parents went (``PR_SET_CHILD_SUBREAPER``), so that all
of them are ended with it. Those that have outlived their parents are ended earlier where they keep the command waiting:
uv and pip read a backend's output until the last process that inherited the pipe is gone, and a daemon (a compiler
cache, a language's build server) lives on.
"""

from __future__ import annotations

import ctypes
import os
import signal
import stat
import struct
from collections.abc import Sequence

from accel_doctor.system.process.call_filter import filter_calls, filters_calls
from accel_doctor.system.process.own_mounts import OWN_DEVICES, own_mounts

_libc = ctypes.CDLL(None, use_errno=True)
_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446  # system calls; the same on all architectures but alpha
_PDEATHSIG, _CAPBSET_DROP, _CHILD_SUBREAPER, _NO_NEW_PRIVS = 1, 24, 36, 38  # prctl(2)

# CAP_CHOWN, DAC_OVERRIDE, DAC_READ_SEARCH, FOWNER; at execve(2), root has again what the bounding set keeps.
_OF_FILES = (0, 1, 2, 3)

# Rights of linux/landlock.h, with the Landlock version that has each beyond the first
_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIR = 1 << 0, 1 << 1, 1 << 2, 1 << 3
_FIRST = (1 << 13) - 1
_MAKE_DEVICES = 1 << 6 | 1 << 11
_REFER, _TRUNCATE = 1 << 13, 1 << 14  # versions 2 and 3
_READING = _EXECUTE | _READ_FILE | _READ_DIR
_TCP = 1 << 0 | 1 << 1  # bind and connect: version 4
_SCOPES = 1 << 0 | 1 << 1  # abstract sockets and signals: version 6

_ENDING = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
_PATIENCE = 3  # seconds for which the command waits for what was left running

Rights = Sequence[tuple[str, str]]


def landlock_version() -> int:
    """Return the kernel's version of Landlock; 0 if it has none, or if it is turned off."""
    return max(0, int(_libc.syscall(_CREATE_RULESET, None, ctypes.c_size_t(0), ctypes.c_uint32(1))))


def values(rights: Rights, name: str) -> list[str]:
    """Return the values of one right, in order."""
    return [value for key, value in rights if key == name]


def _checked(result: int) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return result


def _prctl(option: int, *arguments: int) -> None:
    padded = [ctypes.c_ulong(argument) for argument in (*arguments, 0, 0, 0, 0)[:4]]
    _checked(_libc.prctl(option, *padded))


def _ruleset(rights: Rights) -> int | None:
    """Return the descriptor of a Landlock ruleset; None where nothing is limited, or the kernel has none."""
    readable, writable = values(rights, "read"), values(rights, "write")
    version = landlock_version()
    if not version or not (readable or writable):
        return None
    handled = _FIRST | (_REFER if version >= 2 else 0) | (_TRUNCATE if version >= 3 else 0)
    if "" in readable:
        handled &= ~_READING
    tcp = _TCP if version >= 4 and "none" in values(rights, "network") else 0
    attributes = struct.pack("=QQQ", handled, tcp, _SCOPES if version >= 6 else 0)
    size = 8 if version < 4 else 16 if version < 6 else 24  # bytes that this version knows
    descriptor = _checked(_libc.syscall(_CREATE_RULESET, attributes[:size], ctypes.c_size_t(size), 0))
    for path in filter(None, readable):
        _allow(descriptor, path, _READING & handled)
    for path in writable:
        _allow(descriptor, path, handled & ~_MAKE_DEVICES)
    return descriptor


def _allow(descriptor: int, path: str, rights: int) -> None:
    try:
        opened = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return  # what is not there needs no rule
    try:
        if not stat.S_ISDIR(os.fstat(opened).st_mode):
            rights &= _EXECUTE | _WRITE_FILE | _READ_FILE | _TRUNCATE
        if rights:
            _checked(_libc.syscall(_ADD_RULE, descriptor, 1, struct.pack("=Qi", rights, opened), 0))
    finally:
        os.close(opened)


def _become(rights: Rights) -> None:
    """Become another user; without one, as root, give up what only root may do."""
    if user := values(rights, "user"):
        uid, gid = map(int, user[0].split(":"))
        os.setgroups([])
        os.setresgid(gid, gid, gid)
        os.setresuid(uid, uid, uid)
    elif os.geteuid() == 0:
        kept = _OF_FILES if "" in values(rights, "read") else ()
        for capability in range(64):
            try:
                if capability not in kept:
                    _prctl(_CAPBSET_DROP, capability)
            except OSError:
                break  # beyond the last one of this kernel
        header, none = struct.pack("=Ii", 0x20080522, 0), bytes(24)  # capset(2), version 3
        _checked(_libc.capset(header, none))


def _run(rights: Rights, command: Sequence[str]) -> None:
    """Become the command, with these rights."""
    without = values(rights, "without")
    variables = {name: value for name, value in os.environ.items() if name not in without}
    limited = any(name != "without" for name, _ in rights)
    if limited and _has_own_mounts(rights):
        rights = [*rights, *(("write", path) for path in OWN_DEVICES)]
    rules = _ruleset(rights)  # opens paths that the user may not reach
    if limited:
        _become(rights)
        _prctl(_NO_NEW_PRIVS, 1)
    _prctl(_PDEATHSIG, signal.SIGKILL)
    if rules is not None:
        _checked(_libc.syscall(_RESTRICT_SELF, rules, 0))
        os.close(rules)
    if limited and filters_calls():
        filter_calls(network="none" not in values(rights, "network"))
    os.execvpe(command[0], list(command), variables)


def _has_own_mounts(rights: Rights) -> bool:
    """Give the process its own mounts, unless it may read all and use the network: frontends need agents, which have
    sockets, and ssh refuses settings whose owner has no name, as in a user namespace; return whether it has them."""
    readable, network = values(rights, "read"), "none" not in values(rights, "network")
    return not (network and "" in readable) and own_mounts(readable, values(rights, "write"), network)


def _read(path: str) -> bytes:
    """Return a file of /proc; nothing if the process has ended."""
    try:
        with open(path, "rb") as stream:
            return stream.read()
    except OSError:
        return b""


def _children() -> dict[int, list[int]]:
    """Return the running processes by their parents; none without /proc."""
    children: dict[int, list[int]] = {}
    for entry in filter(str.isdigit, os.listdir("/proc") if os.path.isdir("/proc") else ()):
        state, parent, *_ = _read(f"/proc/{entry}/stat").rpartition(b")")[2].split() or (b"Z", b"0")
        if state != b"Z":
            children.setdefault(int(parent), []).append(int(entry))
    return children


def _below(process: int) -> list[int]:
    children, found, waiting = _children(), [], [process]
    while waiting:
        below = children.get(waiting.pop(), [])
        found += below
        waiting += below
    return found


def _signal(processes: Sequence[int], number: int) -> None:
    for process in processes:
        try:
            os.kill(process, number)
        except ProcessLookupError:
            pass


def _end_below(process: int) -> None:
    """End every process below one. All are stopped first, so that none makes another meanwhile."""
    stopped: set[int] = set()
    while more := [one for one in _below(process) if one not in stopped]:
        _signal(more, signal.SIGSTOP)
        stopped.update(more)
    _signal(sorted(stopped), signal.SIGKILL)


class _Watch:
    """Looks every second whether the command, with nothing of its own running, waits for what was left running."""

    def __init__(self, command: int) -> None:
        self._command = command
        self._looks = 0

    def look(self, number: int, frame: object) -> None:
        """Handle SIGALRM: end what was left running, once that has been seen so for some seconds."""
        children = _children()
        left = [one for one in children.get(os.getpid(), []) if one != self._command]
        self._looks = self._looks + 1 if left and not children.get(self._command) else 0
        if self._looks > _PATIENCE:
            for one in left:
                name = _read(f"/proc/{one}/comm").decode(errors="replace").strip()
                os.write(2, f"accel-doctor: ended {name} (process {one}), which was left running\n".encode())
                _end_below(one)
            _signal(left, signal.SIGKILL)


def _started(rights: Rights, command: Sequence[str]) -> int:
    child = os.fork()
    if child:
        return child
    try:
        for number in (*_ENDING, signal.SIGALRM):
            signal.signal(number, signal.SIG_DFL)
        _run(rights, command)
    except FileNotFoundError:
        os.write(2, f"{command[0]}: command not found\n".encode())
        os._exit(127)
    except OSError as error:
        os.write(2, f"{command[0]}: {error.strerror}\n".encode())
        os._exit(126)
    return 0


def main(words: Sequence[str]) -> int:
    """Run the command; return its exit code, or, where a signal ended it, end by the same signal."""
    end = words.index("--")
    rights = [(name, value) for name, _, value in (word.partition("=") for word in words[:end])]
    _prctl(_CHILD_SUBREAPER, 1)
    _prctl(_PDEATHSIG, signal.SIGTERM)

    def stop(number: int, frame: object) -> None:
        _end_below(os.getpid())
        os._exit(128 + number)

    for number in _ENDING:
        signal.signal(number, stop)
    child = _started(rights, words[end + 1 :])
    signal.signal(signal.SIGALRM, _Watch(child).look)
    signal.setitimer(signal.ITIMER_REAL, 1, 1)  # seconds
    ended = 0
    while ended != child:
        ended, status = os.wait()
    signal.setitimer(signal.ITIMER_REAL, 0)
    _end_below(os.getpid())
    code = os.waitstatus_to_exitcode(status)
    if code >= 0:
        return code
    if -code in _ENDING:
        signal.signal(-code, signal.SIG_DFL)
    os.kill(os.getpid(), -code)
    return 128 - code
