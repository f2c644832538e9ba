"""find_target: which environment is taken, in which order."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import accel_doctor
from accel_doctor.errors import UsageError
from accel_doctor.model.machine import Invocation
from accel_doctor.system.process.runner import ProcessRunner
from accel_doctor.system.python.target import NoEnvironmentError, find_target, own_place, usual_python

HOW = "python3 -m venv .venv, then run the same command again; or name an interpreter with --python"


@pytest.fixture
def runner() -> ProcessRunner:
    return ProcessRunner({"PATH": os.environ["PATH"]})


@pytest.fixture
def around(tmp_path: Path) -> Invocation:
    return Invocation(
        variables={"PATH": ""},
        directory=tmp_path,
        executable=Path(sys.executable),
        own=Path(sys.base_prefix),
    )


def _with(around: Invocation, **changes: object) -> Invocation:
    return Invocation(**{**vars(around), **changes})


def _venv(path: Path) -> Path:
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", path], check=True)
    return path


def test_python_names_a_file_a_directory_or_a_command(
    runner: ProcessRunner, around: Invocation, tmp_path: Path
) -> None:
    venv = _venv(tmp_path / "v")
    assert find_target(runner, around, str(venv / "bin/python")).prefix == venv
    assert find_target(runner, around, "v").prefix == venv
    assert find_target(runner, around, "v/bin/python3").prefix == venv
    on_path = _with(around, variables={"PATH": str(venv / "bin")})
    assert find_target(runner, on_path, "python3").prefix == venv
    assert find_target(runner, on_path, "3").prefix == venv


def test_python_that_names_nothing(runner: ProcessRunner, around: Invocation, tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        find_target(runner, around, "python9.9")
    assert caught.value.message == "--python python9.9: no such file, directory or command"
    (tmp_path / "empty").mkdir()
    with pytest.raises(UsageError) as caught:
        find_target(runner, around, "empty")
    assert (caught.value.message, caught.value.hint) == (
        "--python empty: there is no Python in this directory",
        "give the path of an interpreter, a command on PATH, or the directory of a virtual environment",
    )
    with pytest.raises(UsageError) as caught:
        find_target(runner, around, "3.9")
    assert caught.value.message == "--python 3.9: there is no python3.9 on PATH"


def test_the_order(runner: ProcessRunner, around: Invocation, tmp_path: Path) -> None:
    active, conda = _venv(tmp_path / "active"), _venv(tmp_path / "conda")
    variables = {"VIRTUAL_ENV": str(active), "CONDA_PREFIX": str(conda), "CONDA_DEFAULT_ENV": "work"}

    def target(**environment: str) -> Path:
        return find_target(runner, _with(around, variables={"PATH": "", **environment})).prefix

    local = _venv(tmp_path / ".venv")
    assert target() == local
    assert target(**variables) == active
    del variables["VIRTUAL_ENV"]
    assert target(**variables) == conda
    # conda activates base by itself: it is nobody's choice while there is a .venv
    assert target(**{**variables, "CONDA_DEFAULT_ENV": "base"}) == local
    (local / "pyvenv.cfg").unlink()
    assert target(**{**variables, "CONDA_DEFAULT_ENV": "base"}) == conda


@pytest.mark.parametrize("variable", ["VIRTUAL_ENV", "CONDA_PREFIX"])
@pytest.mark.parametrize(
    ("place", "made_for_us", "why"),
    [
        ("own", "", "is accel-doctor's own"),
        ("another", "pipx_metadata.json", "belongs to a tool"),
        ("another", "uv-receipt.toml", "belongs to a tool"),
        ("uv/archive-v0/x", "", "belongs to a tool"),
        ("uv/environments-v2/x", "", "belongs to a tool"),
    ],
)
def test_environments_of_tools_are_no_target_unless_named(
    runner: ProcessRunner, around: Invocation, tmp_path: Path, variable: str, place: str, made_for_us: str, why: str
) -> None:
    _venv(tmp_path / "own")
    there = _venv(tmp_path / place)
    if made_for_us:
        (there / made_for_us).touch()
    (tmp_path / "link").symlink_to(there)
    around = _with(around, own=tmp_path / "own", variables={"PATH": "", variable: str(tmp_path / "link")})
    with pytest.raises(NoEnvironmentError) as caught:
        find_target(runner, around)
    assert caught.value.message == f"there is no virtual environment to install into; {tmp_path}/link {why}"
    assert find_target(runner, around, str(there)).prefix == there
    local = _venv(tmp_path / ".venv")
    assert find_target(runner, around).prefix == local


def test_its_own_environment_where_one_would_be_made(runner: ProcessRunner, around: Invocation, tmp_path: Path) -> None:
    own = _venv(tmp_path / ".venv")
    around = _with(around, own=own, variables={"PATH": "", "VIRTUAL_ENV": str(own)})
    with pytest.raises(UsageError) as caught:
        find_target(runner, around)
    assert (caught.value.message, caught.value.hint) == (
        f"there is no virtual environment to install into; {own} is accel-doctor's own",
        "install accel-doctor somewhere else (pipx, uv tool), or name an environment with --python",
    )


def test_what_was_unpacked_from_one_file_has_no_environment_of_its_own(tmp_path: Path) -> None:
    packages = Path(accel_doctor.__file__).parents[1]
    assert own_place(tmp_path) == packages
    assert own_place(packages.parent) == packages.parent
    (tmp_path / "lib/python3.11/site-packages/accel_doctor-1.dist-info").mkdir(parents=True)
    assert own_place(tmp_path) == tmp_path


def test_the_usual_python_is_not_that_of_its_own_environment(around: Invocation, tmp_path: Path) -> None:
    own, other = _venv(tmp_path / "own"), _venv(tmp_path / "other")
    around = _with(around, variables={"PATH": f"{own}/bin:{other}/bin"})
    assert usual_python(around) == f"{own}/bin/python3"
    assert usual_python(_with(around, own=own)) == f"{other}/bin/python3"
    assert usual_python(_with(around, own=own, variables={"PATH": f"{own}/bin"})) is None
    (own / "pyvenv.cfg").unlink()  # a Python of its own, such as the distribution's
    assert usual_python(_with(around, own=own)) == f"{own}/bin/python3"


def test_something_else_where_one_would_be_made(runner: ProcessRunner, around: Invocation, tmp_path: Path) -> None:
    local = tmp_path / ".venv"
    local.mkdir()
    with pytest.raises(UsageError) as caught:
        find_target(runner, around)
    assert (caught.value.message, caught.value.hint) == (
        f"there is no virtual environment to install into: {local} is no virtual environment",
        HOW.replace("-m venv", "-m venv --clear"),
    )
    (local / "pyvenv.cfg").touch()
    with pytest.raises(UsageError) as caught:
        find_target(runner, around)
    assert (caught.value.message, caught.value.hint) == (
        f"the interpreter of {local} no longer exists",
        "accel-doctor repair gives it another",
    )


def test_nothing_to_install_into(runner: ProcessRunner, around: Invocation) -> None:
    with pytest.raises(NoEnvironmentError) as caught:
        find_target(runner, around)
    assert (caught.value.message, caught.value.hint) == (
        "there is no virtual environment to install into",
        HOW,
    )


def test_an_active_environment_that_is_gone(runner: ProcessRunner, around: Invocation) -> None:
    with pytest.raises(UsageError) as caught:
        find_target(runner, _with(around, variables={"VIRTUAL_ENV": "/gone"}))
    assert caught.value.message == "VIRTUAL_ENV is set to /gone, but there is no Python in it"
    assert caught.value.hint == "unset VIRTUAL_ENV, or make the environment again: python3 -m venv /gone"
