"""README's second command on a fresh machine, as an ordinary user."""

from __future__ import annotations

from pathlib import Path

from integration.readme import TESTING, run_readme_command


def test_the_test_command_passes_for_an_ordinary_user(tmp_path: Path) -> None:
    run_readme_command(TESTING, tmp_path, "ann", "machines need root")
