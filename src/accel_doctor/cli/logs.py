"""The logs of runs: one directory a run, one file an attempt, kept whole until newer runs push them out."""

from __future__ import annotations

import itertools
import os
import re
import shutil
import threading
import time
from pathlib import Path

_RUNS_KEPT = 100


class RunLogs:
    """Names new logs of this run: ``<root>/20260131-235959-4711/03-build-psycopg2.log``."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self.directory = root / f"{time.strftime('%Y%m%d-%H%M%S')}-{os.getpid()}"
        self._numbers = itertools.count(1)
        self._lock = threading.Lock()  # builds run in threads

    def new_log(self, step: str, name: str) -> Path:
        """The path of the next log; its directory exists, the file does not."""
        with self._lock:
            number = next(self._numbers)
            if number == 1:
                self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)  # build output may hold secrets
        label = "-".join(re.sub(r"[^A-Za-z0-9._-]", "_", part) for part in (step, name) if part)
        return self.directory / f"{number:02}-{label}.log"

    def forget_old(self) -> None:
        """Remove all but the newest runs; names sort by time. What cannot be removed stays."""
        try:
            runs = sorted(path for path in self._root.iterdir() if path.is_dir())
        except OSError:
            return
        for run in runs[:-_RUNS_KEPT]:
            shutil.rmtree(run, ignore_errors=True)
