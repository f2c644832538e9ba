"""What a project says of its environment, and what is made of a mistake in it."""

from __future__ import annotations

import pytest

from accel_doctor.errors import UsageError
from accel_doctor.store.environments.projects import EnvironmentSettings, Project, read_settings
from accel_doctor.units import SIZE

VARIABLES = {"HOME": "/home/me", "NAME": "x"}


def test_every_key_is_read_and_variables_are_expanded():
    settings = read_settings(
        {
            "cache_size": 3,
            "max_bytes": "5GB",
            "cache_path": "~/caches/${NAME}",
            "virtualenv_path": "$HOME/env",
            "requirements_lock_paths": ["requirements-$NAME.txt"],
            "install": ["-r", "x.txt"],
        },
        "file",
        VARIABLES,
    )
    assert settings == EnvironmentSettings(
        "file", "/home/me/env", ("requirements-x.txt",), "/home/me/caches/x", 3, 5 * 10**9, ("-r", "x.txt")
    )


@pytest.mark.parametrize("size", ["10T", "5GB", "1.5GiB", "500 mb", "7", "2K"])
def test_sizes_are_those_of_the_command_line(size):
    settings = read_settings({"max_bytes": size}, "file", VARIABLES)
    assert settings.max_bytes == SIZE.parse(size)


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({"cache_sise": 1}, "file: unknown key 'cache_sise'"),
        ({"cache_size": 0}, "file: cache_size: expected a number above 0, got 0"),
        ({"cache_size": True}, "file: cache_size: expected a number, got True"),
        (
            {"max_bytes": "much"},
            "file: max_bytes: 'much' is not a size: a number and a unit, such as 5GB, 500MB or 2GiB",
        ),
        ({"virtualenv_path": ""}, "file: virtualenv_path: expected a path, got ''"),
        ({"install": "-r x"}, "file: install: expected a list of strings, got '-r x'"),
        ({"cache_path": "$NOWHERE/x"}, "file: cache_path: the environment variable NOWHERE is not set"),
    ],
)
def test_mistakes_are_named(table, message):
    with pytest.raises(UsageError) as caught:
        read_settings(table, "file", VARIABLES)
    assert caught.value.message == message


def test_the_first_known_lock_file_is_found(tmp_path):
    project = Project(tmp_path, EnvironmentSettings(""))
    with pytest.raises(UsageError, match=r"^no lock file found: none of pylock.toml, uv.lock, "):
        _ = project.lock_paths
    for name in ("requirements.txt", "uv.lock", "README"):
        (tmp_path / name).touch()
    assert project.lock_paths == ["uv.lock"]


def test_how_to_install_follows_from_requirements_files_only(tmp_path):
    files = EnvironmentSettings("", requirements_lock_paths=("a.txt", "b.in"))
    assert Project(tmp_path, files).install_arguments() == ["-r", "a.txt", "-r", "b.in"]
    others = Project(
        tmp_path, EnvironmentSettings("", requirements_lock_paths=("pylock.dev.toml", "requirements.lock"))
    )
    assert others.install_arguments() == ["-r", "pylock.dev.toml", "-r", "requirements.lock"]


SET = "set how to install it: install = [{}] in [tool.accel-doctor.env] of pyproject.toml"
PROJECT, REQUIREMENTS = SET.format('"-e", "."'), SET.format('"-r", "requirements.txt"')


@pytest.mark.parametrize(
    ("lock", "what", "there", "hint"),
    [
        ("pixi.lock", "Pixi's lock file", "", SET.format("...")),
        ("pixi.lock", "Pixi's lock file", "pyproject.toml", PROJECT),
        ("pixi.lock", "Pixi's lock file", "requirements.txt", REQUIREMENTS),
    ],
)
def test_a_lock_that_is_not_read_is_told_with_what_is_there(tmp_path, lock, what, there, hint):
    if there:
        (tmp_path / there).touch()
    with pytest.raises(UsageError) as caught:
        Project(tmp_path, EnvironmentSettings("", requirements_lock_paths=(lock,))).install_arguments()
    assert (caught.value.message, caught.value.hint) == (f"{lock} is {what}, which install does not read", hint)


def test_a_lock_that_its_own_tool_reads(tmp_path):
    alone = Project(tmp_path, EnvironmentSettings("", requirements_lock_paths=("uv.lock",)))
    assert (alone.synced_lock, alone.install_arguments()) == (tmp_path / "uv.lock", ())
    told = Project(tmp_path, EnvironmentSettings("", requirements_lock_paths=("uv.lock",), install=("-e", ".")))
    assert (told.synced_lock, told.install_arguments()) == (None, ("-e", "."))
    both = Project(tmp_path, EnvironmentSettings("", requirements_lock_paths=("pylock.toml",)))
    assert both.synced_lock is None


@pytest.mark.parametrize(
    "path", ["~/tools", "../x", "a/../../x", "/etc/x", "$HOME/x", "${HOME}", ".", "a/..", "out", "out/x"]
)
@pytest.mark.parametrize("key", ["virtualenv_path", "cache_path", "requirements_lock_paths"])
def test_no_path_of_a_project_leads_out_of_it(tmp_path, path, key):
    project = tmp_path / "project"
    project.mkdir()
    (project / "out").symlink_to(tmp_path)
    (project / "requirements.txt").touch()
    table = {key: [path] if key == "requirements_lock_paths" else path}
    read = Project(project, read_settings(table, "file", VARIABLES))
    with pytest.raises(UsageError, match=rf"^file: {key}: .* is not below the project$"):
        _ = read.lock_paths, read.cache_path, read.target


def test_an_environment_that_is_a_symlink_out_of_the_project_is_not_the_projects(tmp_path):
    (tmp_path / "project").mkdir()
    (tmp_path / "project/.venv").symlink_to(tmp_path / "tools")
    with pytest.raises(UsageError, match="virtualenv_path: .venv is not below the project"):
        _ = Project(tmp_path / "project", EnvironmentSettings("")).target
