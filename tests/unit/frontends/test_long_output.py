"""Frontends' output of any length: what they say themselves is found, and a missing git is treated like any need."""

from __future__ import annotations

from pathlib import Path

import pytest

from accel_doctor.frontends.outcome import Blame, logged
from accel_doctor.frontends.pip.pip_messages import read_pip
from accel_doctor.frontends.uv.uv_messages import read_uv
from accel_doctor.system.process.runner import ProcessRunner

CHAIN = (
    "error: Failed to build `evil @ file:///evil-1.0.tar.gz`\\n"
    "  cause: The build backend returned an error\\n"
    "  cause: Call to `setuptools.build_meta.build_wheel` failed (exit status: 1)\\n"
    "         [stdout]\\n"
)


def test_what_uv_says_before_a_huge_build_output_is_read(tmp_path: Path) -> None:
    shell = f"printf '{CHAIN}'; head -c 20000000 /dev/zero | tr '\\0' x; exit 1"
    runner = ProcessRunner({"PATH": "/usr/bin:/bin"})
    completed, said = logged(runner, ["sh", "-c", shell], tmp_path / "log", {})
    assert completed.returncode == 1
    assert len(said) < 3_000_000
    assert (tmp_path / "log").stat().st_size > 20_000_000
    verdict = read_uv(said)
    assert (verdict.blame, verdict.package) == (Blame.BUILD, "evil")


def test_passwords_in_the_command_stay_out_of_the_log(tmp_path: Path) -> None:
    argv = ["true", "--index-url", "https://me:secret@host/simple"]
    logged(ProcessRunner({"PATH": "/usr/bin:/bin"}), argv, tmp_path / "log", {})
    assert (tmp_path / "log").read_text() == "$ true --index-url https://****@host/simple\n"


@pytest.mark.parametrize(
    "verdict",
    [
        read_uv(
            "error: Git operation failed\n"
            "  cause: Git executable not found. Ensure that Git is installed and available.\n"
        ),
        read_pip("ERROR: Cannot find command 'git' - do you have 'git' installed and in your PATH?\n"),
    ],
)
def test_a_missing_git_can_be_cured(verdict) -> None:
    assert verdict.blame is Blame.BUILD
