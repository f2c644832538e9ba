"""The hook of .pre-commit-hooks.yaml, run by pre-commit as another repository has it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from paths import ROOT

RULES = "schema: 1\npackages:\n  pyyaml: {needs: [command:surely-not-there]}\n"


@pytest.mark.long
def test_it_checks_the_requirement_files_of_another_repository(tmp_path: Path) -> None:
    project, home = tmp_path / "project", tmp_path / "home"
    project.mkdir()
    (project / "rules").mkdir()
    (project / "rules/python.yaml").write_text(RULES)
    (project / "requirements.txt").write_text("--no-binary pyyaml\npyyaml==6.0.2\n")
    variables = {key: value for key, value in os.environ.items() if not key.startswith(("GIT_", "ACCEL_DOCTOR_"))}
    variables |= {"PRE_COMMIT_HOME": str(home), "ACCEL_DOCTOR_CACHE_DIR": str(tmp_path / "cache")}
    variables["ACCEL_DOCTOR_RULES"] = str(project / "rules")

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            words, cwd=project, env=variables, stdin=subprocess.DEVNULL, text=True, capture_output=True
        )

    run("git", "init", "--quiet")
    run("git", "add", "requirements.txt")
    hook = (sys.executable, "-m", "pre_commit", "try-repo", str(ROOT), "accel-doctor-check")
    done = run(*hook, "--files", "requirements.txt")
    assert done.returncode == 1, done.stdout + done.stderr
    assert "accel-doctor check.......................................................Failed" in done.stdout
    assert "- exit code: 3" in done.stdout
    assert "    command:surely-not-there: missing, no known package" in done.stdout
    (project / "setup.cfg").touch()
    assert "(no files to check)Skipped" in run(*hook, "--files", "setup.cfg").stdout
