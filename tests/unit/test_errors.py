"""The table of exit codes is the documented one."""

from __future__ import annotations

import pytest
from paths import ROOT

from accel_doctor.errors import AccelDoctorError, ExitCode


def test_the_documented_table_is_the_real_one():
    rows = [f"| {int(code)} | `{code.name.lower().replace('_', '-')}` | {code.meaning} |" for code in ExitCode]
    documented = (ROOT / "docs/reference/exit-codes.md").read_text()
    assert [line for line in documented.splitlines() if line.startswith("| ") and "`" in line] == rows


@pytest.mark.parametrize("error", AccelDoctorError.__subclasses__(), ids=lambda error: error.__name__)
def test_every_error_has_a_code_that_is_not_done(error):
    assert error.exit_code is not ExitCode.DONE
