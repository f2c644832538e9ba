"""``accel-doctor config``: each value and its origin, the files, and edits that keep what else is in them."""

from __future__ import annotations

import json
import stat

import pytest

from accel_doctor.cli import configuration, main
from accel_doctor.errors import ExitCode


@pytest.fixture
def here(somewhere, monkeypatch):
    """An empty project, with a user's and a system's file elsewhere."""
    monkeypatch.setattr(configuration, "SYSTEM_FILE", somewhere / "etc/accel-doctor/config.toml")
    (somewhere / "project").mkdir()
    monkeypatch.chdir(somewhere / "project")
    monkeypatch.delenv("ACCEL_DOCTOR_CACHE_DIR")
    return somewhere


@pytest.fixture
def said(capsys):
    """Run ``config``; return its exit code, stdout and stderr."""

    def run(*words: str) -> tuple[int, str, str]:
        code = main.run(["config", *words])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return run


def test_each_value_has_the_origin_that_wins_and_those_it_wins_over(here, said, monkeypatch):
    user, system, project = here / "configuration/config.toml", configuration.SYSTEM_FILE, here / "project"
    for file in (user, system):
        file.parent.mkdir(parents=True)
    system.write_text("jobs = 1\noffline = true\n")
    user.write_text('jobs = 2\nlevel = ["https://ann:secret@example.org/w", "/srv/wheels"]\n')
    (project / "pyproject.toml").write_text("[tool.accel-doctor]\njobs = 3\n")
    monkeypatch.setenv("ACCEL_DOCTOR_JOBS", "4")
    monkeypatch.setenv("ACCEL_DOCTOR_TRUSTED_KEYS", "a.pub b.pub")

    assert said("list") == (
        ExitCode.DONE,
        f"jobs = 4  (ACCEL_DOCTOR_JOBS, over {project / 'pyproject.toml'}, {user} and {system})\n"
        f"level = 'https://****@example.org/w' /srv/wheels  ({user})\n"
        f"offline = true  ({system})\n"
        "trusted-key = a.pub b.pub  (ACCEL_DOCTOR_TRUSTED_KEYS)\n",
        "",
    )
    assert said("get", "level") == (ExitCode.DONE, "https://****@example.org/w\n/srv/wheels\n", "")
    assert json.loads(said("get", "offline", "--format", "json")[1]) == {
        "key": "offline",
        "value": True,
        "origin": str(system),
        "over": [],
    }
    settings = json.loads(said("list", "--format", "json")[1])["settings"]
    assert [(one["key"], one["value"]) for one in settings] == [
        ("jobs", 4),
        ("level", ["https://****@example.org/w", "/srv/wheels"]),
        ("offline", True),
        ("trusted-key", ["a.pub", "b.pub"]),
    ]


def test_nothing_is_configured(here, said):
    hint = "nothing is configured; accel-doctor config path lists the files that are read\n"
    assert said("list") == (ExitCode.DONE, "", hint)
    assert said("get", "jobs") == (ExitCode.DONE, "", "jobs is not set\n")


def test_the_files_that_are_read(here, said):
    user, project = here / "configuration/config.toml", here / "project"
    (project / "pyproject.toml").write_text("[tool.accel-doctor]\njobs = 3\n")
    assert said("path")[1] == (
        f"system   {configuration.SYSTEM_FILE}  (does not exist)\n"
        f"user     {user}  (does not exist)\n"
        f"project  {project / 'pyproject.toml'} [tool.accel-doctor]\n"
    )
    files = json.loads(said("path", "--format", "json")[1])["files"]
    assert [(one["whose"], one["exists"]) for one in files] == [("system", False), ("user", False), ("project", True)]


def test_set_makes_the_users_file_and_unset_removes_the_key(here, said):
    file = here / "configuration/config.toml"
    assert said("set", "jobs", "4") == (ExitCode.DONE, "", f"set jobs in {file}\n")
    assert said("set", "level", "/a", "/b")[0] == ExitCode.DONE
    assert said("set", "yes", "on")[0] == ExitCode.DONE
    assert file.read_text() == 'jobs = 4\nlevel = ["/a", "/b"]\nyes = true\n'
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert said("unset", "level") == (ExitCode.DONE, "", f"removed level from {file}\n")
    assert said("unset", "level") == (ExitCode.DONE, "", f"level is not set in {file}\n")
    assert file.read_text() == "jobs = 4\nyes = true\n"


def test_comments_links_and_other_tables_stay(here, said):
    dotfiles = here / "dotfiles.toml"
    dotfiles.write_text("# mine\njobs = 2  # of four\n")
    file = here / "configuration/config.toml"
    file.parent.mkdir()
    file.symlink_to(dotfiles)
    project = here / "project/accel-doctor.toml"
    project.write_text("# ours\n[env]\nname = 'x'  # kept\n")

    said("set", "jobs", "3")
    said("set", "--project", "offline", "true")

    assert file.is_symlink()
    assert dotfiles.read_text() == "# mine\njobs = 3  # of four\n"
    assert project.read_text() == "# ours\noffline = true\n\n[env]\nname = 'x'  # kept\n"


def test_a_projects_pyproject_is_edited_in_its_table(here, said):
    project = here / "project/pyproject.toml"
    project.write_text('[project]\nname = "x"\n\n[tool.accel-doctor] # here\njobs = 3\n\n[tool.other]\na = 1\n')
    said("set", "--project", "verify", "false")
    assert project.read_text() == (
        '[project]\nname = "x"\n\n[tool.accel-doctor] # here\njobs = 3\nverify = false\n\n[tool.other]\na = 1\n'
    )


def test_what_is_set_in_vain_is_told(here, said, monkeypatch):
    monkeypatch.setenv("ACCEL_DOCTOR_JOBS", "4")
    file = configuration.SYSTEM_FILE
    assert said("set", "--system", "jobs", "1") == (
        ExitCode.DONE,
        "",
        f"set jobs in {file}\nhere it has no effect: ACCEL_DOCTOR_JOBS wins\n",
    )


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["set", "jbos", "4"], "error: unknown key 'jbos'\nhint: did you mean jobs?\n"),
        (["get", "no_system"], "error: unknown key 'no_system'\nhint: did you mean no-system?\n"),
        (["set", "jobs", "many"], "error: jobs: 'many' is not a valid whole number\n"),
        (["set", "jobs", "1", "2"], "error: jobs: expected one value, got 2\n"),
        (["set", "yes", "maybe"], "error: yes: expected true or false, got 'maybe'\n"),
        (["set", "frontend", "conda"], "error: frontend: 'conda' is not one of 'uv', 'pip'\n"),
        (["set", "--system", "--project", "jobs", "1"], "error: --system and --project cannot be combined\n"),
    ],
)
def test_mistakes_change_nothing(here, said, words, told):
    assert said(*words) == (ExitCode.USAGE, "", told)
    assert list(here.rglob("*.toml")) == []


def test_a_project_cannot_be_given_consent(here, said):
    code, _, told = said("set", "--project", "yes", "true")
    file = here / "project/accel-doctor.toml"
    assert code == ExitCode.USAGE
    assert told.startswith(f"error: {file}: 'yes' cannot be set in a project's files\n")
    assert not file.exists()


def test_a_variable_that_cannot_be_used_is_named(here, said, monkeypatch):
    monkeypatch.setenv("ACCEL_DOCTOR_JOBS", "many")
    assert said("list") == (ExitCode.USAGE, "", "error: ACCEL_DOCTOR_JOBS: 'many' is not a valid whole number\n")


def test_an_unknown_key_in_a_file_is_named_with_the_nearest_and_can_be_removed(here, said):
    file = here / "configuration/config.toml"
    file.parent.mkdir()
    file.write_text("jbos = 1\n")
    assert said("list") == (ExitCode.USAGE, "", f"error: {file}: unknown key 'jbos'\nhint: did you mean jobs?\n")
    assert said("unset", "jbos")[0] == ExitCode.DONE
    assert said("list")[0] == ExitCode.DONE
