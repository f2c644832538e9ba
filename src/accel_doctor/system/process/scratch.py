"""A directory for the temporary files of a run, which nobody waits for after an interrupt."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

# Waits for our end, since threads of ours may still write; removes then as TemporaryDirectory does.
_REMOVE = """
import os, sys, tempfile
sys.stdin.read()
with tempfile.TemporaryDirectory(dir=os.path.dirname(sys.argv[1]), ignore_cleanup_errors=True) as place:
    os.rename(sys.argv[1], os.path.join(place, "left"))
"""


@contextmanager
def scratch_directory() -> Iterator[Path]:
    """Yield a new directory, and remove it at the end; after an interrupt, leave that to a process that outlives us.

    Half a minute goes by until the trees of some unpacked sources are removed.
    """
    with tempfile.TemporaryDirectory(prefix="accel-doctor-", ignore_cleanup_errors=True) as directory:
        try:
            yield Path(directory)
        except Exception:
            raise
        except BaseException:
            _leave(Path(directory))
            raise


def _leave(directory: Path) -> None:
    """Move the directory aside, which takes no time, and have it removed once this process has ended."""
    with suppress(OSError):
        aside = directory.with_name(f"{directory.name}-left")
        directory.rename(aside)
        ours, _ = os.pipe()
        command = [sys.executable, "-I", "-S", "-c", _REMOVE, str(aside)]
        quiet = subprocess.DEVNULL
        subprocess.Popen(command, stdin=ours, stdout=quiet, stderr=quiet, cwd="/", start_new_session=True)
        os.close(ours)  # the other end is closed by our own
