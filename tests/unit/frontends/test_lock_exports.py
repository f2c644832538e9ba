"""Locks exported by their tools: on a copy of two files, in the sandbox."""

from __future__ import annotations

from pathlib import Path

import pytest
import tomli
from fakes import FakeFrontend, FakeReporter, FakeRunner, FakeSandbox
from packaging.pylock import Pylock

from accel_doctor.errors import NetworkError, RequirementsError, ToolError, UsageError
from accel_doctor.frontends.lock_exports import LockExporter, ToolShelf
from accel_doctor.frontends.lock_files import read_lock
from accel_doctor.frontends.lock_tools import LOCK_TOOLS
from accel_doctor.model.builds import Locked
from accel_doctor.model.processes import Completed
from accel_doctor.model.requests import IndexSettings, Selection
from accel_doctor.requirements.project_file import read_project

POETRY = """
[project]
name = "app"
dependencies = ["six"]
[tool.poetry]
package-mode = true
[tool.poetry.requires-plugins]
evil = "*"
"""


class Shop:
    """A project with files, and an exporter of its lock whose tool is a function of its arguments."""

    def __init__(self, directory: Path, lock: str) -> None:
        self.project, self.work = directory / "project", directory / "work"
        self.project.mkdir()
        self.work.mkdir()
        self.write(lock, "the lock\n")
        self.tool = LOCK_TOOLS[lock]
        self.runner, self.sandbox, self.reporter = FakeRunner(), FakeSandbox(), FakeReporter()
        self.log = directory / "log"

    def write(self, name: str, text: str) -> None:
        path = self.project / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    @property
    def copy(self) -> Path:
        return self.work / "root" / self.project.relative_to("/")

    def export(self, *, check: bool = True) -> Path:
        exporter = LockExporter(self.tool, ("tool",), (Path("/tools"),), self.runner, self.sandbox, self.reporter)
        project = read_project(self.project)
        return exporter.exported(project, Selection(), self.work, check=check, log=self.log)


@pytest.fixture
def poetry(tmp_path):
    shop = Shop(tmp_path.resolve(), "poetry.lock")
    shop.write("pyproject.toml", POETRY)
    return shop


@pytest.fixture
def uv(tmp_path):
    shop = Shop(tmp_path.resolve(), "uv.lock")
    shop.write("pyproject.toml", '[project]\nname = "app"\n[tool.uv.workspace]\nmembers = ["libs/*"]\n')
    return shop


def test_the_tool_sees_two_files_and_no_plugins(poetry):
    for name in ("poetry.toml", ".pdm-plugins/evil.pth", "setup.py", "src/app/__init__.py"):
        poetry.write(name, "evil")
    seen = {}

    def tool(argv):
        seen.update({path.name: path.read_text() for path in poetry.copy.rglob("*") if path.is_file()})
        (poetry.copy / "requirements.txt").write_text(f"six==1\nlib @ file://{poetry.copy.parent}/lib\n")
        return 0, ""

    poetry.runner.answer = tool
    exported = poetry.export()
    assert exported.read_text() == f"six==1\nlib @ file://{poetry.project.parent}/lib\n"
    assert seen.pop("poetry.lock") == "the lock\n"
    assert tomli.loads(seen.pop("pyproject.toml")) == {
        "project": {"name": "app", "dependencies": ["six"]},
        "tool": {"poetry": {"package-mode": True}},
    }
    assert seen == {}
    (rights,) = poetry.sandbox.rights
    assert (rights.network, rights.credentials, rights.writable) == (False, False, (poetry.copy,))
    assert rights.readable == (poetry.copy, Path("/tools"))
    (told,) = poetry.runner.environments
    assert told["HOME"] == told["XDG_CONFIG_HOME"] == str(poetry.copy / "home")
    assert told["PYTHONPATH"] == ""
    assert not poetry.copy.exists()


def test_members_of_a_workspace_are_described_to_uv(uv):
    uv.write("libs/one/pyproject.toml", '[project]\nname = "one"\n')
    uv.write("libs/one/.venv/lib/pyproject.toml", "")
    uv.write("node_modules/x/pyproject.toml", "")
    uv.write("env/pyvenv.cfg", "")
    uv.write("env/x/pyproject.toml", "")
    (uv.project / "libs/two").mkdir()
    (uv.project / "libs/two/pyproject.toml").symlink_to("/etc/hostname")
    seen = []

    def tool(argv):
        seen[:] = sorted(str(path.relative_to(uv.copy)) for path in uv.copy.rglob("pyproject.toml"))
        (uv.copy / "pylock.toml").write_text(
            'lock-version = "1.0"\ncreated-by = "uv"\n[[packages]]\nname = "one"\ndirectory = {path = "libs/one"}\n'
            '[[packages]]\nname = "beside"\ndirectory = {path = "../beside", editable = true}\n'
        )
        return 0, ""

    uv.runner.answer = tool
    lock = read_lock(uv.export())
    assert [package.directory.path for package in lock.packages] == [
        f"{uv.project}/libs/one",
        f"{uv.project.parent}/beside",
    ]
    assert seen == ["libs/one/pyproject.toml", "pyproject.toml"]


STALE = "error: The lockfile at `uv.lock` needs to be updated, but `--check` was provided.\n\nhint: To update"


def test_a_stale_lock_is_told_and_not_installed(uv):
    uv.runner.answer = lambda argv: (1, "", STALE) if "--check" in argv else (0, "")
    with pytest.raises(RequirementsError) as caught:
        uv.export()
    assert caught.value.message == "uv.lock is out of date: pyproject.toml was changed since"
    assert caught.value.hint == "uv lock; or --frozen, to install the lock as it is"
    assert [argv[1] for argv in uv.runner.commands] == ["lock"]


def test_a_frozen_lock_is_not_checked(uv):
    with pytest.raises(RequirementsError, match=r"^uv cannot export uv.lock: exit code 0$"):
        uv.export(check=False)
    assert [argv[1] for argv in uv.runner.commands] == ["export"]


def test_what_cannot_be_checked_without_the_network_is_said(uv):
    uv.runner.answer = lambda argv: (2, "", "error: failed\n  cause: Distribution not found at: /lib\n")
    with pytest.raises(RequirementsError) as caught:
        uv.export()
    assert uv.reporter.notes[-1] == "not known whether uv.lock is up to date: Distribution not found at: /lib"
    assert caught.value.message == "uv cannot export uv.lock: Distribution not found at: /lib"
    assert caught.value.hint == f"full output: {uv.log}"


def test_poetry_tells_a_stale_lock_when_it_exports(poetry):
    said = "pyproject.toml changed significantly since poetry.lock was last generated. Run `poetry lock`"
    poetry.runner.answer = lambda argv: (1, "", said)
    with pytest.raises(RequirementsError) as caught:
        poetry.export()
    assert caught.value.message == "poetry.lock is out of date: pyproject.toml was changed since"
    assert caught.value.hint == "poetry lock"


def test_a_lock_that_is_no_file(poetry):
    (poetry.project / "poetry.lock").unlink()
    (poetry.project / "poetry.lock").mkdir()
    with pytest.raises(UsageError, match=r"^poetry.lock: not a file$"):
        poetry.export()


class Provisioning(FakeFrontend):
    """Makes the environment, unless it cannot."""

    def __init__(self, returncode: int = 0) -> None:
        super().__init__(None, Locked(Pylock.from_dict({"lock-version": "1.0", "created-by": "x", "packages": []})))
        self.returncode, self.asked = returncode, []

    def provision(self, environment, requirements, build, index, log):
        self.asked.append(tuple(requirements))
        environment.mkdir()
        with log.open("a") as file:
            file.write("error: no such package\n")
        return Completed((), self.returncode, "")


def test_a_tool_is_installed_once(tmp_path):
    frontend = Provisioning()
    shelf = ToolShelf(tmp_path / "frontends", frontend, Path("/python"), IndexSettings())
    first, again = (shelf.python_with(LOCK_TOOLS["poetry.lock"], tmp_path / "log") for _ in range(2))
    assert first == again
    assert first.relative_to(tmp_path / "frontends").parts[0].startswith("poetry-")
    assert frontend.asked == [("poetry>=2.1,<3", "poetry-plugin-export>=1.9,<2")]


@pytest.mark.parametrize(("offline", "error"), [(False, ToolError), (True, NetworkError)])
def test_a_tool_that_cannot_be_installed(tmp_path, offline, error):
    shelf = ToolShelf(tmp_path / "frontends", Provisioning(1), Path("/python"), IndexSettings(offline=offline))
    for _ in range(2):  # nothing half-made is taken for whole
        with pytest.raises(error) as caught:
            shelf.python_with(LOCK_TOOLS["pdm.lock"], tmp_path / "log")
    assert caught.value.message == "cannot install PDM, which reads pdm.lock: error: no such package"
