"""Refuse system calls that no other limit covers: sockets of the network, keys of the kernel, limits of others.

A seccomp filter (https://docs.kernel.org/userspace-api/seccomp_filter.html), with only the stdlib.
"""

from __future__ import annotations

import ctypes
import errno
import os
import struct
from collections.abc import Sequence

_SECCOMP = 22  # prctl(2)
# The machine's name in uname(2) -> its audit architecture (linux/audit.h), and the numbers of socket(2), prlimit64(2)
# and add_key(2), which request_key(2) and keyctl(2) follow
_ARCHITECTURES = {
    "x86_64": (0xC000003E, 41, 302, 248),
    "aarch64": (0xC00000B7, 198, 261, 217),
    "riscv64": (0xC00000F3, 198, 261, 217),
    "ppc64le": (0xC0000015, 326, 325, 269),
}
_IO_URING = (425, 426, 427)  # its operations pass no filter
_X32 = 0x40000000  # numbers of another set of system calls on x86_64
_AF_UNIX = 1

_LOAD, _EQUAL, _AT_LEAST, _ANSWER = 0x20, 0x15, 0x35, 0x06  # instructions of BPF
_ARCHITECTURE, _NUMBER, _ARGUMENT = 4, 0, 16  # places in seccomp_data
_ANSWERS = {  # in the order in which they end the program
    "allow": 0x7FFF0000,
    "unreachable": 0x00050000 | errno.ENETUNREACH,
    "denied": 0x00050000 | errno.EPERM,
    "unknown": 0x00050000 | errno.ENOSYS,
}
# Instruction, value, and where to go on if it holds and if not: instructions to pass over, or an answer
_Instruction = tuple[int, int, "int | str", "int | str"]


def filters_calls() -> bool:
    """Return whether the kernel filters system calls, and those of this architecture are known here."""
    known = os.uname().machine in _ARCHITECTURES and struct.calcsize("P") == 8
    return known and os.path.exists("/proc/sys/kernel/seccomp/actions_avail")


def filter_calls(network: bool) -> None:
    """Refuse them from now on; those of the network only without ``network``. Needs PR_SET_NO_NEW_PRIVS."""
    code = b"".join(struct.pack("=HBBI", *one) for one in _assembled(_program(network)))
    buffer = ctypes.create_string_buffer(code)
    program = struct.pack("@HP", len(code) // 8, ctypes.addressof(buffer))
    if ctypes.CDLL(None, use_errno=True).prctl(_SECCOMP, 2, ctypes.c_char_p(program), 0, 0):
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


def _program(network: bool) -> list[_Instruction]:
    architecture, socket, limits, keys = _ARCHITECTURES[os.uname().machine]
    unknown = (keys, keys + 1, keys + 2, *(() if network else _IO_URING))
    of_network: list[_Instruction] = [
        (_EQUAL, socket, 0, "allow"),
        (_LOAD, _ARGUMENT, 0, 0),  # the family
        (_EQUAL, _AF_UNIX, "allow", "unreachable"),
    ]
    return [
        (_LOAD, _ARCHITECTURE, 0, 0),
        (_EQUAL, architecture, 0, "unknown"),
        (_LOAD, _NUMBER, 0, 0),
        (_AT_LEAST, _X32, "unknown", 0),
        *[(_EQUAL, number, "unknown", 0) for number in unknown],
        (_EQUAL, limits, 0, 2),
        (_LOAD, _ARGUMENT, 0, 0),  # the process: 0 is the calling one
        (_EQUAL, 0, "allow", "denied"),
        *([] if network else of_network),
    ]


def _assembled(program: Sequence[_Instruction]) -> list[tuple[int, int, int, int]]:
    """Return the instructions as the kernel has them: operation, jumps, value; the answers follow the program."""
    ends = {name: len(program) + place for place, name in enumerate(_ANSWERS)}

    def jump(place: int, to: int | str) -> int:
        return ends[to] - place - 1 if isinstance(to, str) else to

    made = [(code, jump(at, yes), jump(at, no), value) for at, (code, value, yes, no) in enumerate(program)]
    return [*made, *((_ANSWER, 0, 0, value) for value in _ANSWERS.values())]
