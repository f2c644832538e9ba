"""The journal that several processes write at once."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from fakes import FakeReporter

from accel_doctor.journal import Journal
from accel_doctor.system.packages.managers import MANAGERS

APPEND_MANY = """
import sys
from pathlib import Path
from accel_doctor.journal import Journal, journal_entry
from accel_doctor.model.machine import Distribution
from accel_doctor.model.plans import Plan
class Ends:
    step = note = staticmethod(sys.exit)
journal = Journal(Path(sys.argv[1]), Ends())
for _ in range(50):
    journal.append(journal_entry(Plan(), Distribution("debian", "13"), "apt", ["x" * 5000]))
"""


def test_several_processes_lose_nothing(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    writers = [subprocess.Popen([sys.executable, "-c", APPEND_MANY, str(path)]) for _ in range(4)]
    assert [writer.wait(timeout=60) for writer in writers] == [0, 0, 0, 0]
    reporter = FakeReporter()
    assert len(Journal(path, reporter).read(MANAGERS)) == 200
    assert reporter.notes == []
