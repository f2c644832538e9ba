"""Logs of a run are written somewhere, whatever the state of the cache."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from fakes import FakeReporter

from accel_doctor.cli.run_logs import RunLogs


@pytest.fixture
def temporary(tmp_path, monkeypatch):
    directory = tmp_path / "temporary"
    directory.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(directory))
    return directory


def test_logs_are_numbered_in_the_directory_of_their_run(tmp_path):
    logs = RunLogs(tmp_path / "logs", FakeReporter())
    assert not logs.directory.exists()
    assert [logs.new_log("resolve", "").name, logs.new_log("build", "a/../b").name] == [
        "01-resolve.log",
        "02-build-a_.._b.log",
    ]
    assert logs.directory.stat().st_mode & 0o777 == 0o700
    assert logs.directory.parent == tmp_path / "logs"


def test_where_they_cannot_be_kept_they_are_written_elsewhere_and_that_is_told(tmp_path, temporary):
    (tmp_path / "logs").write_text("a file where the directory should be")
    reporter = FakeReporter()
    logs = RunLogs(tmp_path / "logs", reporter)
    wanted = logs.directory
    first, second = logs.new_log("resolve", ""), logs.new_log("build", "x")
    assert first.parent == second.parent == logs.directory
    assert first.parent.parent == temporary
    first.write_text("a log")
    assert reporter.notes == [f"cannot write logs to {wanted}: Not a directory; using {logs.directory}"]


def test_a_full_disk_counts_as_one_that_cannot_be_written(tmp_path, temporary, monkeypatch):
    monkeypatch.setattr("shutil.disk_usage", lambda path: type("Usage", (), {"free": 1000}))
    reporter = FakeReporter()
    log = RunLogs(tmp_path / "logs", reporter).new_log("resolve", "")
    assert log.parent.parent == temporary
    assert "No space left on device" in reporter.notes[0]
    assert Path(log.parent).is_dir()
