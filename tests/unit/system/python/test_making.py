"""What is said where an environment cannot be made."""

from __future__ import annotations

from pathlib import Path

import pytest
from fakes import ScriptedRunner

from accel_doctor.errors import ToolError
from accel_doctor.system.python.making import make_environment

# What Debian's python3 prints where its package python3-venv is not installed; the last line is the one that is quoted.
DEBIAN = (
    "The virtual environment was not created successfully because ensurepip is not\navailable.\n\nFailing command: X\n"
)
HINT = "install python3-venv, which Debian has apart from python3; or leave out --frontend pip"


@pytest.mark.parametrize(("uv", "hint"), [(None, HINT), (Path("/uv"), None)])
def test_what_to_do_where_venv_is_missing(
    scripted: ScriptedRunner, tmp_path: Path, uv: Path | None, hint: str | None
) -> None:
    scripted.on("venv", output=DEBIAN, returncode=1)
    with pytest.raises(ToolError) as caught:
        make_environment(tmp_path / ".venv", "/usr/bin/python3", uv, scripted, "demo")
    assert caught.value.message == "cannot make a virtual environment with /usr/bin/python3: Failing command: X"
    assert caught.value.hint == hint
