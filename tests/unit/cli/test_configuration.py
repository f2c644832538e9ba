"""accel-doctor's own configuration files."""

from __future__ import annotations

import pytest

from accel_doctor.cli import configuration
from accel_doctor.cli.configuration import read_configuration
from accel_doctor.errors import UsageError


@pytest.fixture
def places(tmp_path, monkeypatch):
    system, user, project = tmp_path / "etc.toml", tmp_path / "user", tmp_path / "project"
    user.mkdir()
    project.mkdir()
    monkeypatch.setattr(configuration, "SYSTEM_FILE", system)
    return system, user / "config.toml", project


def read(places):
    return read_configuration(places[1].parent, places[2])


def test_the_project_wins_over_the_user_and_the_user_over_etc(places):
    system, user, project = places
    system.write_text('frontend = "pip"\njobs = 1\noffline = true\n')
    user.write_text("jobs = 2\nyes = true\n")
    (project / "accel-doctor.toml").write_text("jobs = 3\n")
    assert read(places) == {"frontend": "pip", "jobs": 3, "offline": True, "yes": True}


def test_a_project_may_use_pyproject(places):
    (places[2] / "pyproject.toml").write_text("[tool.accel-doctor]\njobs = 4\n")
    assert read(places) == {"jobs": 4}


def test_no_files_no_values(places):
    assert read(places) == {}


@pytest.mark.parametrize(
    "key",
    [
        "yes = true",
        'rules = ["r"]',
        'cache-dir = "/c"',
        'report = "../../.bashrc"',
        'python = "./py"',
        'export = "pip"',
    ],
)
def test_consent_and_package_names_do_not_come_from_a_project(places, key):
    (places[2] / "pyproject.toml").write_text(f"[tool.accel-doctor]\n{key}\n")
    with pytest.raises(UsageError) as caught:
        read(places)
    name = key.partition(" ")[0]
    assert caught.value.message == f"{places[2] / 'pyproject.toml'}: {name!r} cannot be set in a project's files"


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("jobs = true", ": jobs: expected a whole number, got True"),
        ('yes = "yes"', ": yes: expected true or false, got 'yes'"),
        ("jbos = 1", ": unknown key 'jbos'"),
        ("jobs =", ": invalid TOML: "),
    ],
)
def test_mistakes_name_file_and_key(places, text, complaint):
    places[1].write_text(text)
    with pytest.raises(UsageError) as caught:
        read(places)
    assert caught.value.message.startswith(f"{places[1]}{complaint}")
