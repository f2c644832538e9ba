"""Environments whose interpreter is gone."""

from __future__ import annotations

import pytest
from fakes import FakeRunner

from accel_doctor.errors import ToolError, UsageError
from accel_doctor.system.python.revival import has_lost_its_interpreter, releases_in, revive


@pytest.fixture
def environment(tmp_path):
    root = tmp_path / "venv"
    (root / "bin").mkdir(parents=True)
    (root / "pyvenv.cfg").write_text("home = /opt/gone/bin\nversion = 3.11.2\n")
    (root / "bin/python3").symlink_to("/opt/gone/bin/python3")
    (root / "bin/python").symlink_to("python3")
    site = root / "lib/python3.11/site-packages"
    for name in ("Foo_Bar-1.0.dist-info", "idna-3.10.dist-info", "idna"):
        (site / name).mkdir(parents=True)
    return root


@pytest.fixture
def path(tmp_path):
    (tmp_path / "bin").mkdir()
    python = tmp_path / "bin/python3.11"
    python.write_text("#!/bin/sh\n")
    python.chmod(0o755)
    return str(tmp_path / "bin")


def test_an_environment_without_its_interpreter_is_noticed(environment, tmp_path):
    assert has_lost_its_interpreter(environment)
    (environment / "bin/python3").unlink()
    (environment / "bin/python3").write_text("")
    assert not has_lost_its_interpreter(environment)
    assert not has_lost_its_interpreter(tmp_path)
    assert releases_in(environment) == ["Foo-Bar==1.0", "idna==3.10"]


def test_another_interpreter_of_its_version_takes_over(environment, path):
    def venv(argv):
        assert not list((environment / "bin").glob("python*"))  # dangling links would stay
        (environment / "bin/python").write_text("")
        return 0, ""

    assert str(revive(environment, FakeRunner(venv), {"PATH": path})) == f"{path}/python3.11"


def test_without_one_it_is_an_error(environment):
    with pytest.raises(UsageError, match=r"venv: its interpreter is gone, and there is no other Python 3\.11$"):
        revive(environment, FakeRunner(lambda argv: (0, "")), {"PATH": ""})


def test_a_failure_is_told(environment, path):
    with pytest.raises(ToolError, match=r"cannot link .*venv to .*/python3\.11: no ensurepip$"):
        revive(environment, FakeRunner(lambda argv: (1, "no ensurepip")), {"PATH": path})
