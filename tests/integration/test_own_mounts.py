"""A command in a sandbox writes below its own directory, by whatever name it calls a file."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from accel_doctor.model.processes import Isolation, Rights
from accel_doctor.system.process.sandbox import LandlockSandbox

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the sandbox is Linux's")


def test_relative_names_are_below_the_directory_that_the_command_began_in(tmp_path: Path) -> None:
    inside = tmp_path / "source" / "package"
    inside.mkdir(parents=True)
    program = "echo > relative && touch . && echo > ../above"
    sandbox = LandlockSandbox(Isolation(), dict(os.environ))
    command = sandbox.command(["/bin/sh", "-c", program], Rights(writable=(tmp_path,)))
    done = subprocess.run(command, cwd=inside, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert (inside / "relative").exists()
    assert (tmp_path / "source" / "above").exists()
