"""README's second command on a fresh machine, as root."""

from __future__ import annotations

from pathlib import Path

import pytest
from integration.readme import run_test_command


@pytest.mark.long
def test_the_test_command_passes_for_root(tmp_path: Path) -> None:
    run_test_command(tmp_path, None, "machines need mmdebstrap")
