"""Half of the work in a child: it is all done, and what goes wrong there is raised here."""

from __future__ import annotations

import errno
import subprocess
import sys

import pytest

from accel_doctor.store.environments.halves import parted

PROGRAM = """
import os, sys
from pathlib import Path
from accel_doctor.store.environments.halves import HalfError, together
from accel_doctor.errors import UsageError

def fail(error):
    raise error

os.chdir(sys.argv[1])
together(lambda: Path("mine").touch(), lambda check: (check(), Path("theirs").touch()))
assert sorted(os.listdir()) == ["mine", "theirs"]
for error in (OSError(28, "No space left on device", "x"), UsageError("so"), KeyError("k"), SystemExit(3)):
    try:
        together(lambda: None, lambda check: fail(error))
    except (OSError, HalfError) as raised:
        print(type(raised).__name__, getattr(raised, "errno", None), raised)
try:
    together(lambda: fail(ValueError("mine")), lambda check: None)
except ValueError as error:
    print(error)
try:
    together(lambda: None, lambda check: os.kill(os.getpid(), 9))
except HalfError as error:
    print(error)
"""


def test_what_goes_wrong_in_the_child_is_raised_here(tmp_path):
    done = subprocess.run([sys.executable, "-c", PROGRAM, tmp_path], capture_output=True, text=True)
    assert done.stdout.splitlines() == [
        f"OSError {errno.ENOSPC} [Errno 28] No space left on device: x",
        "HalfError None so",
        "HalfError None KeyError: 'k'",
        "HalfError None SystemExit: 3",
        "mine",
        "a worker process exited with -9",
    ], done.stderr


@pytest.mark.parametrize("count", [0, 1, 7])
def test_every_directory_is_in_one_part_and_below_what_comes_before(count):
    directories = {"": [], "lib": [], "lib/p": [], "lib/p/site-packages": [1, 2]}
    for number in range(count):
        directories |= {f"lib/p/site-packages/{number}": [1] * number, f"lib/p/site-packages/{number}/x": [1]}
    top, one, other = parted(directories)
    assert dict(top + one + other) == directories
    assert len(top) == 4
    for part in (one, other):
        seen = {path for path, _ in top}
        for path, _ in part:
            assert path.rpartition("/")[0] in seen
            seen.add(path)
    if count == 7:
        assert abs(len(one) - len(other)) <= 4
