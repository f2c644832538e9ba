"""Split one job of many system calls between two processes.

The calls are so short that two threads, which pass the GIL to each other at each call, take longer than
one; a forked child shares nothing and saves a quarter to a third of the time. It starts no program.
"""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Callable, Mapping, Sized
from typing import TypeVar

from accel_doctor.errors import AccelDoctorError

_TOP = 3  # "lib/python3.13/site-packages" and above: the parents of all others
_WORTH_IT = 800  # files; forking takes as long as linking a few hundred

T = TypeVar("T", bound=Sized)
Part = list[tuple[str, T]]


class HalfError(AccelDoctorError):
    """An exception of the other process, other than OSError."""


def parted(directories: Mapping[str, T]) -> tuple[Part[T], Part[T], Part[T]]:
    """Return the parent directories, and the rest in two disjoint parts of similar size."""
    top: Part[T] = []
    trees: dict[str, Part[T]] = {}
    for path, files in directories.items():
        parts = path.split("/", _TOP + 1)
        if len(parts) <= _TOP:
            top.append((path, files))
        else:
            trees.setdefault("/".join(parts[: _TOP + 1]), []).append((path, files))
    one: Part[T] = []
    other: Part[T] = []
    weights = [0, 0]
    for tree in sorted(trees.values(), key=_weight, reverse=True):
        lighter = weights[1] < weights[0]
        (other if lighter else one).extend(tree)
        weights[lighter] += _weight(tree)
    return top, one, other


def worth_it(directories: Mapping[str, T]) -> bool:
    """Return whether there are enough files, a second core, and no other thread, which forking would leave behind."""
    if sum(map(len, directories.values())) < _WORTH_IT or not hasattr(os, "sched_getaffinity"):
        return False
    threading = sys.modules.get("threading")
    return len(os.sched_getaffinity(0)) > 1 and (threading is None or threading.active_count() == 1)


def together(mine: Callable[[], None], theirs: Callable[[Callable[[], None]], None]) -> None:
    """Run ``mine`` here and ``theirs`` in a child process in parallel; return when both have ended.

    ``theirs`` gets a function to call periodically, which ends the child if its parent was killed. Raises what
    either raised: an OSError in the child as OSError, any other exception in it as HalfError.
    """
    reading, writing = os.pipe()
    parent = os.getpid()
    child = os.fork()
    if not child:
        _run(theirs, parent, writing)
    os.close(writing)
    try:
        mine()
    finally:
        said = b""
        while block := os.read(reading, 4096):
            said += block
        os.close(reading)
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if code:
        number, _, message = said.decode("utf-8", "replace").partition(" ")
        if number.isdigit() and int(number):
            raise OSError(int(number), message or os.strerror(int(number)))
        raise HalfError(message or f"a worker process exited with {code}")


def _run(work: Callable[[Callable[[], None]], None], parent: int, writing: int) -> None:
    def check() -> None:
        if os.getppid() != parent:
            os._exit(1)

    code = 1
    try:
        work(check)
        code = 0
    except OSError as error:
        os.write(writing, f"{error.errno or errno.EIO} {error.strerror}: {error.filename or ''}".encode()[:4000])
    except AccelDoctorError as error:
        os.write(writing, f"0 {error.message}".encode()[:4000])
    except BaseException as error:
        os.write(writing, f"0 {type(error).__name__}: {error}".encode()[:4000])
    finally:
        os._exit(code)


def _weight(tree: Part[T]) -> int:
    return sum(len(files) + 3 for _, files in tree)  # making a directory takes as long as three links
