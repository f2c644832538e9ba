"""README's commands on a fresh machine, as root."""

from __future__ import annotations

from pathlib import Path

import pytest
from integration.readme import INSTALLING, TESTING, run_readme_command


@pytest.mark.long
def test_the_test_command_passes_for_root(tmp_path: Path) -> None:
    run_readme_command(TESTING, tmp_path, None, "machines need mmdebstrap")


@pytest.mark.long
def test_the_first_command_installs_what_must_be_compiled(tmp_path: Path) -> None:
    run_readme_command(INSTALLING, tmp_path, None, "(10 built here)")
