"""What each project tool is asked to export, and which projects it installs."""

from __future__ import annotations

from pathlib import Path

import pytest

from accel_doctor.errors import UsageError
from accel_doctor.frontends.lock_tools import LOCK_TOOLS
from accel_doctor.model.requests import Selection
from accel_doctor.requirements.project_file import ProjectFile

PROJECT = {
    "project": {"name": "Our_App"},
    "dependency-groups": {"dev": [], "docs": []},
    "dev-packages": {"a": "*"},
    "docs": {"a": "*"},
    "lint": {"a": "*"},
    "tool": {"poetry": {"group": {"docs": {"optional": True}, "lint": {}, "--output=x": {}}}},
}
GROUPED = Selection(groups=("docs",), extras=("pg",))
BARE = Selection(defaults=False)
ALONE = Selection(only_groups=("docs", "lint"))
EVERY = Selection(defaults=False, groups=("docs",), all_extras=True)


@pytest.mark.parametrize(
    ("lock", "selection", "words"),
    [
        ("uv.lock", Selection(), ""),
        ("uv.lock", GROUPED, "--group=docs --extra=pg"),
        ("uv.lock", BARE, "--no-default-groups"),
        ("uv.lock", ALONE, "--only-group=docs --only-group=lint"),
        ("uv.lock", EVERY, "--no-default-groups --group=docs --all-extras"),
        ("poetry.lock", Selection(), "--with=dev,lint"),
        ("poetry.lock", GROUPED, "--with=dev,lint,docs --extras=pg"),
        ("poetry.lock", BARE, ""),
        ("poetry.lock", ALONE, "--only=docs,lint"),
        ("poetry.lock", EVERY, "--with=docs --all-extras"),
        ("pdm.lock", Selection(), ""),
        ("pdm.lock", GROUPED, "--group=pg"),
        ("pdm.lock", BARE, "--prod"),
        ("pdm.lock", ALONE, "--no-default --dev --group=docs --group=lint"),
        ("pdm.lock", EVERY, "--dev --group=docs --group=:all"),
        ("Pipfile.lock", Selection(), "--categories=packages"),
        ("Pipfile.lock", Selection(groups=("docs", "dev")), "--categories=packages,docs,dev-packages"),
        ("Pipfile.lock", ALONE, "--categories=docs,lint"),
    ],
)
def test_the_selection_in_each_tools_words(lock, selection, words):
    tool = LOCK_TOOLS[lock]
    given = tool.export(selection, ProjectFile(Path("/p"), PROJECT), "/t/out")
    always = tool.export(BARE, ProjectFile(Path("/p"), PROJECT), "/t/out")
    known = [word for word in always if word not in ("--no-default-groups", "--prod", "--categories=packages")]
    assert [word.replace(" ", ",") for word in given if word not in known] == words.split()


def test_what_no_export_leaves_out():
    project = ProjectFile(Path("/p"), PROJECT)
    exported = {lock: tool.export(Selection(), project, "/t/out") for lock, tool in LOCK_TOOLS.items()}
    assert exported["uv.lock"] == (
        *("export", "--frozen", "--quiet", "--format=pylock.toml", "--output-file=/t/out", "--no-emit-project"),
    )
    assert exported["poetry.lock"][:5] == (
        *("export", "--no-interaction", "--no-ansi", "--format=requirements.txt", "--output=/t/out"),
    )
    assert exported["pdm.lock"] == ("export", "--format=requirements", "--expandvars", "--output=/t/out")


@pytest.mark.parametrize(
    ("lock", "document", "installs"),
    [
        ("uv.lock", {"project": {"name": "a"}, "build-system": {"requires": []}}, True),
        ("uv.lock", {"project": {"name": "a"}}, False),
        ("uv.lock", {"project": {"name": "a"}, "tool": {"uv": {"package": True}}}, True),
        ("uv.lock", {"project": {"name": "a"}, "build-system": {"x": 1}, "tool": {"uv": {"package": False}}}, False),
        (
            "poetry.lock",
            {"dev-packages": {"a": "*"}, "docs": {"a": "*"}, "lint": {"a": "*"}, "tool": {"poetry": {"name": "a"}}},
            True,
        ),
        (
            "poetry.lock",
            {
                "dev-packages": {"a": "*"},
                "docs": {"a": "*"},
                "lint": {"a": "*"},
                "tool": {"poetry": {"name": "a", "package-mode": False}},
            },
            False,
        ),
        (
            "poetry.lock",
            {"dev-packages": {"a": "*"}, "docs": {"a": "*"}, "lint": {"a": "*"}, "tool": {"poetry": {}}},
            False,
        ),
        ("pdm.lock", {"project": {"name": "a"}}, True),
        ("pdm.lock", {"project": {"name": "a"}, "tool": {"pdm": {"distribution": False}}}, False),
        ("pdm.lock", {"project": {"name": "a"}, "tool": {"pdm": {"package-type": "application"}}}, False),
        ("pdm.lock", {"project": "a", "tool": 3}, False),
    ],
)
def test_whether_the_project_is_installed_too(lock, document, installs):
    assert LOCK_TOOLS[lock].installs(ProjectFile(Path("/p"), document)) is installs


@pytest.mark.parametrize(
    ("selection", "message"),
    [
        (Selection(groups=("other",)), "the Pipfile has no [other]"),
        (Selection(extras=("pg",)), "Pipfile.lock has no extras"),
    ],
)
def test_what_a_pipfile_does_not_have(selection, message):
    with pytest.raises(UsageError) as caught:
        LOCK_TOOLS["Pipfile.lock"].export(selection, ProjectFile(Path("/p"), PROJECT), "/t/out")
    assert caught.value.message == message
