"""What a process imports before it gets to work."""

import subprocess
import sys

# What only a run needs in which something fails, is built, or is fetched.
OF_OTHER_RUNS = {
    *("accel_doctor.rulebook", "accel_doctor.diagnosis", "accel_doctor.builder.linkage"),
    *("concurrent.futures", "ssl", "yaml"),
}


def test_an_installation_in_which_all_is_well_imports_no_rules():
    program = (
        "import sys, accel_doctor.cli.commands.install, accel_doctor.cli.assembly, accel_doctor.cli.preparation as _"
    )
    shown = subprocess.run(
        [sys.executable, "-c", f"{program}\nprint(*sys.modules)"], check=True, capture_output=True, text=True
    ).stdout
    assert OF_OTHER_RUNS.isdisjoint(shown.split())
