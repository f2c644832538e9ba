"""Lead a terminal session and run commands in it, one after another; started as a script, with only the stdlib.

A sudo ticket is bound to a terminal and its session leader (sudoers(5), timestamp_type), one of doas to the parent
process as well: commands started from here ask for a password only once.
Each line read from the socket whose descriptor is the argument is a command, each line written to it an outcome.
"""

from __future__ import annotations

import fcntl
import json
import os
import signal
import socket
import sys
import termios
from collections.abc import Mapping, Sequence

_NOT_FOUND, _NOT_EXECUTABLE = 127, 126  # as a shell returns


def lead(control: socket.socket) -> None:
    """Take the terminal on stdin, then run the requested commands until the socket closes."""
    control.set_inheritable(False)
    inherited = [number for number in range(3, 1024) if _is_inheritable(number)]
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
    for number in (signal.SIGINT, signal.SIGQUIT):
        # Meant only for the command, which shares our process group. A handler, unlike SIG_IGN, is not inherited.
        signal.signal(number, lambda *_: None)
    with control.makefile("rb") as orders:
        for order in orders:
            returncode, message = _run(**json.loads(order), inherited=inherited)
            control.sendall(json.dumps({"returncode": returncode, "message": message}).encode() + b"\n")


def _is_inheritable(number: int) -> bool:
    try:
        return os.get_inheritable(number)
    except OSError:  # not open
        return False


def _run(
    argv: list[str], environment: Mapping[str, str], descriptors: bool, inherited: Sequence[int]
) -> tuple[int, str]:
    """Run a command, with the inherited ``descriptors`` if it may have them."""
    closed = [] if descriptors else [(os.POSIX_SPAWN_CLOSE, number) for number in inherited]
    try:
        pid = os.posix_spawnp(argv[0], argv, environment, file_actions=closed)
    except FileNotFoundError:
        message = f"{argv[0]}: command not found"
        returncode = _NOT_FOUND
    except OSError as error:
        message = f"{argv[0]}: {error.strerror}"
        returncode = _NOT_EXECUTABLE
    else:
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), ""
    os.write(2, f"{message}\n".encode())
    return returncode, message


if __name__ == "__main__":
    lead(socket.socket(fileno=int(sys.argv[1])))
