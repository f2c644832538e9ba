"""Which interpreter a project's environment is for, and what is remembered of it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from fakes import FakeReporter

from accel_doctor.errors import UsageError
from accel_doctor.model.machine import Invocation
from accel_doctor.model.stored_environments import BaseInterpreter
from accel_doctor.system.python import base_interpreter
from accel_doctor.system.python.base_interpreter import describe_base_interpreter, find_base_interpreter


def program(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"\x7fELF")
    path.chmod(0o755)
    return path


@pytest.fixture
def machine(tmp_path):
    """An interpreter on PATH, and an environment made from another one."""
    program(tmp_path / "bin/python3")
    other = program(tmp_path / "other/bin/python3.14")
    (tmp_path / "env/bin").mkdir(parents=True)
    (tmp_path / "env/bin/python").symlink_to(other)
    (tmp_path / "env/pyvenv.cfg").write_text("home = x\n")
    return tmp_path


def found(machine: Path, python: str | None = None, target: str = "none", path: str = "bin") -> tuple[str, list[str]]:
    reporter = FakeReporter()
    chosen = find_base_interpreter(
        python, machine / target, Invocation({"PATH": str(machine / path)}, machine), reporter
    )
    return str(chosen.relative_to(machine)), reporter.notes


def test_the_option_wins_over_the_environment_and_that_over_path(machine):
    assert found(machine, "python3", "env") == ("bin/python3", [])
    assert found(machine, str(machine / "env")) == ("other/bin/python3.14", [])
    assert found(machine, target="env") == ("other/bin/python3.14", [])
    assert found(machine) == ("bin/python3", [])


def test_an_environment_whose_interpreter_is_gone_is_told(machine):
    (machine / "other/bin/python3.14").unlink()
    assert found(machine, target="env") == (
        "bin/python3",
        [f"the interpreter of {machine}/env no longer exists"],
    )


@pytest.mark.parametrize(
    ("python", "path", "message"),
    [
        ("python9", "bin", "--python python9: no such file, directory or command"),
        (None, "empty", "no python3 on PATH"),
    ],
)
def test_without_an_interpreter_the_way_to_one_is_told(machine, python, path, message):
    with pytest.raises(UsageError) as caught:
        found(machine, python, path=path)
    assert caught.value.message == message


def test_an_interpreter_is_asked_once_until_it_changes(machine, monkeypatch):
    asked = []

    def answer(executable, variables):
        asked.append(executable)
        return {"executable": str(executable), "version": "3.14.0", "machine": {"soabi": "x"}}

    monkeypatch.setattr(base_interpreter, "_asked", answer)
    executable = machine / "bin/python3"
    expected = BaseInterpreter(str(executable), "3.14.0", {"soabi": "x"})
    assert describe_base_interpreter(executable, machine / "remembered", {}) == expected
    assert describe_base_interpreter(executable, machine / "remembered", {}) == expected
    assert len(asked) == 1
    executable.write_bytes(b"\x7fELF, and more")
    assert describe_base_interpreter(executable, machine / "remembered", {}) == expected
    assert len(asked) == 2
    assert all(json.loads(path.read_text()) for path in (machine / "remembered").iterdir())
