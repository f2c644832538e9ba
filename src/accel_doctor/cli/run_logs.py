"""The logs of a run: a directory of its own, which the report of the run is kept in as well."""

from __future__ import annotations

import errno
import itertools
import os
import re
import shutil
import tempfile
import threading
import time
from contextlib import suppress
from pathlib import Path

from accel_doctor.interfaces import Notifier
from accel_doctor.store.layout import RUN_NAME, directories

_RUNS_KEPT = 100
_LEAST_ROOM = 128 << 10  # bytes: with less free space, a log is cut off before the error


class RunLogs:
    """The logs of this run: ``<root>/20260131-235959-4711/03-build-psycopg2.log``.

    If ``root`` is not writable, they go to a new temporary directory, and the user is notified.
    """

    def __init__(self, root: Path, notifier: Notifier) -> None:
        self._root = root
        self._notifier = notifier
        self.directory = root / f"{time.strftime('%Y%m%d-%H%M%S')}-{os.getpid()}"
        self._numbers = itertools.count(1)
        self._lock = threading.Lock()  # builds run in threads

    def new_log(self, step: str, name: str) -> Path:
        """Return the path of the next log; its directory exists, the file does not."""
        with self._lock:
            number = next(self._numbers)
            if number == 1:
                self._make_directory()
        label = "-".join(re.sub(r"[^A-Za-z0-9._-]", "_", part) for part in (step, name) if part)
        return self.directory / f"{number:02}-{label}.log"

    def _make_directory(self) -> None:
        try:
            self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)  # build output may hold secrets
            if shutil.disk_usage(self.directory).free < _LEAST_ROOM:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        except OSError as error:
            unusable, self.directory = self.directory, Path(tempfile.mkdtemp(prefix="accel-doctor-logs-"))
            self._notifier.note(f"cannot write logs to {unusable}: {error.strerror}; using {self.directory}")

    def forget_old(self) -> None:
        """Remove the logs of all but the newest runs; names sort by time. Ignore what cannot be removed."""
        with suppress(OSError):
            for run in directories(self._root, RUN_NAME)[:-_RUNS_KEPT]:
                shutil.rmtree(run, ignore_errors=True)
