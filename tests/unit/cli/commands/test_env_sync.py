"""``env sync`` installs with the options of the project, of its own command line, and of what follows ``--``."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest

from accel_doctor.cli.commands import env_sync
from accel_doctor.cli.commands.env import SyncOptions
from accel_doctor.cli.commands.env_sync import ProjectInstaller
from accel_doctor.cli.options import ConsentOptions, FrontendOptions, LevelOptions, PlaceOptions
from accel_doctor.cli.project_locks import LockChoices
from accel_doctor.errors import UsageError
from accel_doctor.model.machine import Invocation
from accel_doctor.store.environments.projects import EnvironmentSettings, Project


@pytest.fixture
def installed(monkeypatch, tmp_path):
    """Calls ``install`` for a project in ``project``, from the directory ``here``; returns what would be run."""
    for name in ("ACCEL_DOCTOR_CACHE_DIR", "ACCEL_DOCTOR_FRONTEND", "ACCEL_DOCTOR_LEVELS"):
        monkeypatch.delenv(name, raising=False)
    seen = []
    monkeypatch.setattr(env_sync, "run_installation", lambda *arguments: seen.append(arguments) or 7)
    (tmp_path / "project").mkdir()

    def installed(options: SyncOptions, *install: str):
        settings = EnvironmentSettings("pyproject.toml", requirements_lock_paths=("r.txt",), install=install)
        variables = {"HOME": str(tmp_path), "ACCEL_DOCTOR_CONFIG_DIR": str(tmp_path)}
        environment = SimpleNamespace(project=Project(tmp_path / "project", settings), variables=variables)
        invocation = Invocation(variables, tmp_path / "here")
        assert ProjectInstaller(environment, options, invocation).install(Path("/new")) == 7
        return seen.pop()

    return installed


def test_paths_of_the_project_are_relative_to_it_and_those_of_the_command_line_are_not(installed, tmp_path):
    options, invocation = installed(SyncOptions(place=PlaceOptions(cache_dir="cache", rules=("rules",))))
    assert options.pip.options["requirement"] == ("r.txt",)
    assert invocation.directory == tmp_path / "project"
    assert options.place == PlaceOptions(f"{tmp_path}/here/cache", (f"{tmp_path}/here/rules",))
    assert options.target.python == "/new"


def test_what_follows_the_dashes_wins_and_what_can_be_repeated_is_added(installed):
    sync = SyncOptions(
        consent=ConsentOptions(yes=True),
        frontend=FrontendOptions("uv"),
        levels=LevelOptions(("a",)),
        words=("--frontend", "pip", "--level", "b", "--no-binary", "x"),
    )
    options, _ = installed(sync)
    assert options.consent == ConsentOptions(yes=True)
    assert options.frontend == FrontendOptions("pip")
    assert options.levels.level == ("a", "b")
    assert options.pip.format_control == (("no-binary", "x"),)


@pytest.mark.parametrize(
    "sync", [SyncOptions(frontend=FrontendOptions(offline=True)), SyncOptions(words=("--offline",))]
)
def test_an_offline_run_installs_offline(installed, sync):
    options, _ = installed(sync)
    assert options.pip.offline is options.frontend.offline is True


def test_variables_are_not_added_to_options(installed, monkeypatch):
    monkeypatch.setenv("ACCEL_DOCTOR_LEVELS", "b")
    options, _ = installed(SyncOptions(levels=LevelOptions(("a",))))
    assert options.levels.level == ("a",)


def test_the_projects_configuration_file_holds_defaults(installed, tmp_path):
    (tmp_path / "project/accel-doctor.toml").write_text("jobs = 3\n")
    options, _ = installed(SyncOptions(), "-r", "other.txt", "--no-system")
    assert (options.jobs, options.pip.options["requirement"]) == (3, ("other.txt",))
    assert options.consent == ConsentOptions(no_system=True)


def test_a_project_cannot_agree_in_the_users_place(installed):
    with pytest.raises(UsageError) as caught:
        installed(SyncOptions(), "-r", "r.txt", "--yes")
    assert caught.value.message == "pyproject.toml: install: --yes is not read from a project's files"
    assert caught.value.hint == "give it on the command line: accel-doctor env sync -- --yes"


@pytest.mark.parametrize(
    ("words", "option"),
    [
        (["--report", "~/.bashrc"], "--report"),
        (["--report=x"], "--report"),
        (["-t", "/x"], "--target"),
        (["-t/x"], "--target"),
        (["-Ut", "/x"], "--target"),
        (["--target=x"], "--target"),
        (["--prefix", "x"], "--prefix"),
        (["--user"], "--user"),
        (["--python", "./py"], "--python"),
        (["--export=shell"], "--export"),
        (["--proxy=http://h"], "--proxy"),
        (["--trusted-host=h"], "--trusted-host"),
        (["--cert=x"], "--cert"),
        (["--break-system-packages"], "--break-system-packages"),
        (["--yes-to-all"], "--yes-to-all"),
        (["--cache-dir=x"], "--cache-dir"),
    ],
)
def test_no_option_that_is_not_listed_comes_from_a_project(installed, words, option):
    with pytest.raises(UsageError) as caught:
        installed(SyncOptions(), "-r", "r.txt", *words)
    assert caught.value.message == f"pyproject.toml: install: {option} is not read from a project's files"


@pytest.mark.parametrize(
    "words",
    [
        ["-r", "../x.txt"],
        ["-r../x.txt"],
        ["--requirement=/etc/x.txt"],
        ["-c", "a/../../x.txt"],
        ["-e", ".."],
        ["-e", "file:///srv/x"],
        ["../x"],
        ["/srv/x[extra]"],
        ["x @ file:///srv/x"],
    ],
)
def test_no_file_outside_of_a_project_is_installed_for_it(installed, words):
    with pytest.raises(UsageError, match=r"^pyproject.toml: install: .* is not below the project$"):
        installed(SyncOptions(), *words)


def test_what_a_requirements_file_could_say_a_project_may_say_too(installed):
    words = ["-r", "r.txt", "-c", "sub/c.txt", "six==1", "x @ https://h/x.zip", "--no-binary", "x", "--no-system"]
    options, _ = installed(SyncOptions(), *words, "-i", "https://h/simple", "--jobs=2")
    assert options.consent.no_system
    assert options.jobs == 2


def test_a_lock_that_its_own_tool_reads(installed, monkeypatch, tmp_path):
    seen = []
    monkeypatch.setattr(env_sync, "sync_lock", lambda *arguments: seen.append(arguments) or 7)
    settings = EnvironmentSettings("", requirements_lock_paths=("uv.lock",))
    variables = {"HOME": str(tmp_path), "ACCEL_DOCTOR_CONFIG_DIR": str(tmp_path)}
    environment = SimpleNamespace(project=Project(tmp_path / "project", settings), variables=variables)
    words = ("--no-binary", "x")
    assert (
        ProjectInstaller(environment, SyncOptions(words=words), Invocation(variables, tmp_path)).install(Path("/new"))
        == 7
    )
    ((lock, choices, options, invocation),) = seen
    assert (lock, choices) == (tmp_path / "project/uv.lock", LockChoices())
    assert (options.target.python, options.pip.format_control) == ("/new", (("no-binary", "x"),))
    assert invocation.directory == tmp_path / "project"
