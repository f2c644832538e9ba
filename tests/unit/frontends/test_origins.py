"""Origins recorded in a real environment (PEP 610)."""

from __future__ import annotations

import json
import sys
import venv
from pathlib import Path

import pytest
from fakes import interpreter

from accel_doctor.errors import ToolError
from accel_doctor.frontends.origins import record_origins
from accel_doctor.model.requests import InstallRequest
from accel_doctor.system.process.runner import ProcessRunner

ORIGIN = json.dumps({"url": "https://x/r", "vcs_info": {"vcs": "git", "commit_id": "c" * 40}})


def installed(site: Path) -> Path:
    """A distribution as an installer leaves it."""
    directory = site / "odd_name-1.0.dist-info"
    directory.mkdir(parents=True)
    (directory / "METADATA").write_text("Metadata-Version: 2.1\nName: Odd.Name\nVersion: 1.0\n")
    (directory / "RECORD").write_text("odd_name-1.0.dist-info/METADATA,,\nodd_name-1.0.dist-info/RECORD,,\n")
    return directory


def record(request: InstallRequest, executable: Path) -> None:
    python = interpreter(executable=executable)
    record_origins({"odd-name": ORIGIN}, request, python, ProcessRunner({"PATH": "/usr/bin:/bin"}))


@pytest.fixture
def environment(tmp_path):
    venv.create(tmp_path / "v", with_pip=False)
    return tmp_path / "v/bin/python"


def test_origin_and_record_are_written_once(tmp_path, environment):
    site = next((tmp_path / "v/lib").glob("python*")) / "site-packages"
    directory = installed(site)
    for _ in range(2):
        record(InstallRequest(()), environment)
    assert (directory / "direct_url.json").read_text() == ORIGIN
    lines = (directory / "RECORD").read_text().splitlines()
    assert lines.count("odd_name-1.0.dist-info/direct_url.json,,") == 1


def test_a_target_directory_is_where_it_is_looked_for(tmp_path):
    directory = installed(tmp_path / "target")
    record(InstallRequest((), target=tmp_path / "target"), Path(sys.executable))
    assert (directory / "direct_url.json").read_text() == ORIGIN


def test_a_distribution_that_is_not_there_is_an_error(environment):
    with pytest.raises(ToolError, match="^cannot record the origin of odd-name: not installed: odd-name$"):
        record(InstallRequest(()), environment)


def test_no_origins_no_process(tmp_path):
    record_origins({}, InstallRequest(()), interpreter(executable=tmp_path / "none"), ProcessRunner({}))
