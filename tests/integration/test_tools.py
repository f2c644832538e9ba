"""Run what maintainers run the way its documentation says: as scripts, from anywhere."""

from __future__ import annotations

import subprocess
import sys

import pytest
from paths import TESTS

TOOLS = sorted(path.name for path in (TESTS / "tools").glob("*.py"))
BENCHMARKS = sorted(path.name for path in (TESTS / "bench").glob("*.py"))


@pytest.mark.parametrize("name", TOOLS)
def test_a_tool_runs_alone_and_explains_itself(name, tmp_path):
    done = subprocess.run(
        [sys.executable, str(TESTS / "tools" / name), "--help"], cwd=tmp_path, capture_output=True, text=True
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert f"usage: {name}" in done.stdout


@pytest.mark.parametrize("name", BENCHMARKS)
def test_a_benchmark_finds_what_it_imports(name, tmp_path):
    program = "import runpy, sys; sys.path.insert(0, sys.argv[1]); runpy.run_path(sys.argv[2])"
    path = TESTS / "bench" / name
    command = [sys.executable, "-c", program, str(path.parent), str(path)]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
