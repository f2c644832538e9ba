"""A project's environment on one machine: stored, restored, synced, with the parts around it faked."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from accel_doctor.errors import ToolError
from accel_doctor.model.stored_environments import BaseInterpreter
from accel_doctor.model.wheels import Link
from accel_doctor.store.environments.environment_cache import EnvironmentCache
from accel_doctor.store.environments.project_environment import ProjectEnvironment
from accel_doctor.store.environments.project_storing import store_environment, sync_environment
from accel_doctor.store.environments.projects import EnvironmentSettings, Project
from accel_doctor.store.levels.opening import LevelSettings

MACHINE = {"version": "3.13", "libc": "glibc 2.41"}


@dataclass
class Told:
    notes: list[str] = field(default_factory=list)

    def note(self, text: str) -> None:
        self.notes.append(text)

    def step(self, text: str) -> None:
        self.notes.append(text)

    def show(self, what: str, done: int, total: int) -> None:
        assert done <= total


@dataclass
class FakeLibraries:
    needed: tuple[Link, ...] = ()
    lacking: tuple[str, ...] = ()

    def links(self, root: Path) -> tuple[Link, ...]:
        return self.needed

    def unmet(self, stored: object) -> tuple[str, ...]:
        return self.lacking


@dataclass
class FakeInstaller:
    code: int = 0
    installed: list[Path] = field(default_factory=list)

    def make(self, place: Path) -> None:
        fill(place, "made")

    def install(self, place: Path) -> int:
        self.installed.append(place)
        return self.code


def fill(root: Path, words: str) -> None:
    (root / "bin").mkdir(parents=True, exist_ok=True)
    (root / "pyvenv.cfg").write_text("home = /usr/bin\n")
    (root / "bin/tool").write_text(f"#!{root}/bin/python\n# {words}\n")


@pytest.fixture
def environment(tmp_path):
    (tmp_path / "project").mkdir()
    (tmp_path / "project/requirements.txt").write_text("greeting==1\n")
    told = Told()
    return ProjectEnvironment(
        project=Project(tmp_path / "project", EnvironmentSettings("")),
        interpreter=BaseInterpreter("/usr/bin/python3", "3.13.5", MACHINE),
        variables={},
        cache=EnvironmentCache(tmp_path / "cache", told.note),
        libraries=FakeLibraries(),
        levels=None,
        terminal=told,
    )


def tool(environment: ProjectEnvironment) -> str:
    return (environment.project.target / "bin/tool").read_text()


def changed(environment: ProjectEnvironment, requirements: str) -> ProjectEnvironment:
    """The same project with other requirements; facts and key are computed anew."""
    (environment.project.directory / "requirements.txt").write_text(requirements)
    return replace(environment)


def test_what_was_stored_is_restored(environment):
    target = environment.project.target
    fill(target, "first")
    store_environment(environment)
    fill(target, "second")
    assert environment.restore()
    assert tool(environment) == f"#!{target}/bin/python\n# first\n"
    assert environment.terminal.notes == [f"stored {target} under {environment.key[:12]}"]


def test_a_library_that_is_lacking_here_makes_it_a_miss(environment):
    fill(environment.project.target, "first")
    store_environment(replace(environment, libraries=FakeLibraries(needed=(Link("libpq.so.5"),))))
    environment = replace(environment, libraries=FakeLibraries(lacking=("libpq.so.5 is missing",)))
    assert environment.restore() is None
    assert environment.terminal.notes[1:] == ["the stored environment does not work here: libpq.so.5 is missing"]


def test_the_closest_match_has_the_most_of_what_the_lock_files_name(environment):
    fill(environment.project.target, "near")
    store_environment(environment)
    environment = changed(environment, "greeting==2\n")
    assert environment.restore() is None
    stored = environment.restore(near=True)
    assert stored
    assert stored.key != environment.key
    other = replace(environment, interpreter=environment.interpreter._replace(machine={"version": "3.14"}))
    assert other.restore(near=True) is None


def test_levels_are_not_asked_where_signatures_are_required(environment, tmp_path):
    (tmp_path / "level").mkdir()
    levels = LevelSettings((str(tmp_path / "level"),), require_signature=True)
    fill(environment.project.target, "first")
    store_environment(replace(environment, levels=levels))
    assert environment.terminal.notes[0] == (
        "not asking shared levels: environments are not signed, and signatures are required"
    )
    assert list((tmp_path / "level").iterdir()) == []


def test_another_machine_has_it_from_the_level(environment, tmp_path):
    (tmp_path / "level").mkdir()
    levels = LevelSettings((str(tmp_path / "level"),))
    fill(environment.project.target, "first")
    store_environment(replace(environment, levels=levels))
    cache = EnvironmentCache(tmp_path / "another", environment.terminal.note)
    assert replace(environment, cache=cache).restore() is None
    assert replace(environment, cache=cache, levels=levels).restore()


def test_sync_installs_beside_the_old_one_once(environment):
    target = environment.project.target
    fill(target, "old")
    installer = FakeInstaller()
    assert sync_environment(environment, installer) == 0
    assert sync_environment(environment, installer) == 0
    assert tool(environment) == f"#!{target}/bin/python\n# made\n"
    [place] = installer.installed
    assert place.parent == target.parent
    assert not place.exists()
    assert environment.terminal.notes[-2:] == [f"installed {target}", f"restored {target}"]


def test_a_failed_installation_leaves_the_old_environment(environment):
    fill(environment.project.target, "old")
    assert sync_environment(environment, FakeInstaller(code=12)) == 12
    assert tool(environment).endswith("# old\n")


def test_an_environment_that_cannot_be_stored_is_used_all_the_same(environment, monkeypatch):
    def full(*arguments: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("accel_doctor.store.environments.project_storing.store", full)
    assert sync_environment(environment, FakeInstaller()) == 0
    assert tool(environment) == f"#!{environment.project.target}/bin/python\n# made\n"
    assert environment.terminal.notes[-1] == "the environment is not stored: [Errno 28] No space left on device"


def test_what_was_just_stored_and_is_gone_is_an_error(environment, monkeypatch):
    monkeypatch.setattr(EnvironmentCache, "find", lambda self, key: None)
    with pytest.raises(ToolError, match=r"^cannot restore the environment just stored for .*/\.venv$"):
        sync_environment(environment, FakeInstaller())
