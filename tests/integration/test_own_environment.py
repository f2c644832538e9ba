"""Nothing is installed into the environment that accel-doctor runs from; where there is none, one is made."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pexpect
import pytest
import uv
from tiny_wheel import write_tiny_wheel

from accel_doctor.errors import ExitCode

UV = (uv.find_uv_bin(),)
HINT = "hint: --venv makes ./.venv and installs into it; or name an environment with --python\n"
QUESTION = r"There is no virtual environment\. Make \./\.venv\? \[Y/n\]: "

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """An empty directory beside the wheel of a distribution."""
    write_tiny_wheel(tmp_path, {"tiny.py": b""})
    (tmp_path / "project").mkdir()
    return tmp_path / "project"


@pytest.fixture
def words(tmp_path: Path) -> list[str]:
    return ["install", "--no-index", "--find-links", str(tmp_path), "--cache-dir", str(tmp_path / "cache"), "tiny"]


@pytest.fixture
def run(project: Path, words: list[str]) -> Run:
    """Run ``install tiny`` without a terminal, in the project."""

    def run(*more: str, argv: tuple[str, ...] = (sys.executable, "-m", "accel_doctor"), **variables: str):
        environment = {name: value for name, value in os.environ.items() if name != "VIRTUAL_ENV"} | variables
        return subprocess.run(
            [*argv, *words, *more],
            env=environment, cwd=project, capture_output=True, text=True, check=False,
        )  # fmt: skip

    return run


def has_tiny(environment: Path) -> bool:
    return any(environment.glob("lib/python*/site-packages/tiny.py"))


def test_without_an_environment_it_says_how_to_get_one(run: Run, project: Path) -> None:
    done = run()
    assert done.stderr == f"error: there is no virtual environment to install into\n{HINT}"
    assert (done.returncode, list(project.iterdir())) == (ExitCode.USAGE, [])


def test_venv_makes_one_where_there_is_none(run: Run, project: Path) -> None:
    rehearsed = run("--dry-run", "--venv")
    assert rehearsed.stderr.startswith(f"would make {project}/.venv\n")
    assert (rehearsed.returncode, list(project.iterdir())) == (0, [])
    assert run("--venv").stderr.startswith(f"Made {project}/.venv\n")
    assert has_tiny(project / ".venv")
    assert "Made" not in run("--venv").stderr


def test_an_active_environment_with_accel_doctor_is_passed_over(run: Run, project: Path) -> None:
    done = run(VIRTUAL_ENV=sys.prefix)
    assert done.stderr == (
        f"error: there is no virtual environment to install into; {sys.prefix} is accel-doctor's own\n{HINT}"
    )
    subprocess.run([*UV, "venv", "--quiet", ".venv"], cwd=project, check=True)
    assert run(VIRTUAL_ENV=sys.prefix).returncode == 0
    assert has_tiny(project / ".venv")


def test_its_own_environment_in_dot_venv_is_no_target_unless_named(run: Run, project: Path, wheel: Path) -> None:
    own = project / ".venv"
    subprocess.run([*UV, "venv", "--quiet", own], check=True)
    subprocess.run([*UV, "pip", "install", "--quiet", "--python", own, wheel], check=True)
    argv = (str(own / "bin/accel-doctor"),)
    for more in ((), ("--venv",)):
        done = run(*more, argv=argv)
        assert done.stderr == (
            f"error: there is no virtual environment to install into; {own} is accel-doctor's own\n"
            "hint: install accel-doctor somewhere else (pipx, uv tool), or name an environment with --python\n"
        )
        assert (done.returncode, has_tiny(own)) == (ExitCode.USAGE, False)
    assert run("--python", ".venv", argv=argv).returncode == 0
    assert has_tiny(own)


@pytest.mark.parametrize(
    "tool", [("tool", "run", "--from", "{wheel}"), ("run", "--no-project", "--with", "{wheel}", "--")]
)
def test_an_environment_in_uvs_cache_is_no_target(run: Run, project: Path, wheel: Path, tool: tuple[str, ...]) -> None:
    argv = (*UV, *(word.format(wheel=wheel) for word in tool), "accel-doctor")
    done = run(argv=argv)
    assert "error: there is no virtual environment to install into" in done.stderr
    assert done.returncode == ExitCode.USAGE
    assert run("--venv", argv=argv).returncode == 0
    assert has_tiny(project / ".venv")


@pytest.mark.parametrize(("answer", "made"), [("", True), ("y", True), ("n", False)])
def test_at_a_terminal_it_asks(project: Path, words: list[str], answer: str, made: bool) -> None:
    environment = {name: value for name, value in os.environ.items() if name not in ("VIRTUAL_ENV", "CI")}
    child = pexpect.spawn(
        sys.executable, ["-m", "accel_doctor", *words], cwd=project, env=environment, encoding="utf-8", timeout=60
    )
    child.expect(QUESTION)
    child.sendline(answer)
    child.expect(pexpect.EOF)
    child.close()
    assert (child.exitstatus, has_tiny(project / ".venv")) == (0 if made else ExitCode.USAGE, made)


def test_a_dry_run_at_a_terminal_asks_nothing(project: Path, words: list[str]) -> None:
    environment = {name: value for name, value in os.environ.items() if name not in ("VIRTUAL_ENV", "CI")}
    argv = ["-m", "accel_doctor", *words, "--dry-run"]
    child = pexpect.spawn(
        sys.executable, argv, cwd=project, env=environment, encoding="utf-8", timeout=60, dimensions=(24, 250)
    )
    child.expect("would make .*/project/.venv")
    child.expect("would install 1 package into .*/project/.venv")
    child.expect(pexpect.EOF)
    child.close()
    assert (child.exitstatus, list(project.iterdir())) == (0, [])


def test_what_is_installed_elsewhere_needs_no_environment(run: Run, project: Path) -> None:
    assert run("--target", "there").returncode == 0
    assert (project / "there/tiny.py").exists()


def test_env_sync_does_not_replace_its_own_environment(project: Path, tmp_path: Path) -> None:
    (project / "requirements.txt").write_text("tiny\n")
    (project / ".venv").symlink_to(sys.prefix)
    for command in ("sync", "restore"):
        done = subprocess.run(
            [sys.executable, "-m", "accel_doctor", "env", command, "--cache-dir", tmp_path / "cache"],
            cwd=project, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == ExitCode.USAGE
    (project / ".venv").unlink()
