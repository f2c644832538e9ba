"""Requirement files that name one another."""

from __future__ import annotations

import pytest

from accel_doctor.errors import UsageError
from accel_doctor.requirements import requirement_files
from accel_doctor.requirements.requirement_files import SIZE_LIMIT


@pytest.fixture
def read(files, invocation):
    def read(location: str, *, constraint: bool = False) -> list[tuple[str, str, bool]]:
        placed = requirement_files.NestedReader(files, invocation).read(location, constraint=constraint)
        return [(item.origin, item.requirement, item.constraint) for item in placed]

    return read


def test_paths_are_relative_to_the_file_that_names_them(read, files):
    files.add("/w/r.txt", "a\n-r sub/b.txt\nz\n")
    files.add("/w/sub/b.txt", "b\n-c ../c.txt\n")
    files.add("/w/c.txt", "c==1\n")
    assert read("r.txt") == [
        ("r.txt:1", "a", False),
        ("sub/b.txt:1", "b", False),
        ("c.txt:1", "c==1", True),
        ("r.txt:3", "z", False),
    ]


def test_relative_to_a_url(read, files):
    files.add("https://host/team/r.txt", "-r base.txt\n")
    files.add("https://host/team/base.txt", "six\n")
    assert read("https://host/team/r.txt") == [("https://host/team/base.txt:1", "six", False)]


def test_a_file_may_name_a_url(read, files):
    files.add("/w/r.txt", "-c https://host/c.txt\n")
    files.add("https://host/c.txt", "six==1\n")
    assert read("r.txt") == [("https://host/c.txt:1", "six==1", True)]


def test_a_file_that_names_itself_is_refused(read, files):
    files.add("/w/a.txt", "-r b.txt\n")
    files.add("/w/b.txt", "six\n-r a.txt\n")
    with pytest.raises(UsageError, match=r"^b\.txt:2: a\.txt recursively references itself in b\.txt$"):
        read("a.txt")


def test_a_file_may_be_named_twice_side_by_side(read, files):
    files.add("/w/a.txt", "-r b.txt\n-r b.txt\n")
    files.add("/w/b.txt", "six\n")
    assert len(read("a.txt")) == 2


def test_nesting_has_a_bound(read, files):
    for number in range(requirement_files.DEPTH_LIMIT + 1):
        files.add(f"/w/{number}.txt", f"-r {number + 1}.txt\n")
    with pytest.raises(UsageError, match=r"^49\.txt:1: requirement files nest deeper than 50 levels$"):
        read("0.txt")


def test_the_number_of_lines_has_a_bound(read, files, monkeypatch):
    monkeypatch.setattr(requirement_files, "LINES_LIMIT", 2)
    files.add("/w/r.txt", "a\nb\nc\n")
    with pytest.raises(UsageError, match=r"^r\.txt:3: more than 2 lines of requirements$"):
        read("r.txt")


def test_a_missing_file(read, files):
    with pytest.raises(UsageError) as caught:
        read("none.txt")
    assert (caught.value.message, caught.value.hint) == ("requirements file not found: none.txt", None)
    files.add("/w/requirements.txt", "six")
    with pytest.raises(UsageError) as caught:
        read("none.txt")
    assert caught.value.hint == "there is requirements.txt"


def test_a_missing_file_is_told_with_the_line_that_names_it(read, files):
    files.add("/w/requirements.txt", "six\n-r sub/more.txt\n")
    files.add("/w/sub/more.txt", "\n\n-c gone.txt\n")
    with pytest.raises(UsageError) as caught:
        read("requirements.txt")
    assert caught.value.message == "sub/more.txt:3: constraints file not found: sub/gone.txt"


def test_a_missing_constraints_file(read):
    with pytest.raises(UsageError, match=r"^constraints file not found: none.txt$"):
        read("none.txt", constraint=True)


def test_size_has_a_bound(read, files):
    files.content["/w/r.txt"] = b"#" * (SIZE_LIMIT + 1)
    with pytest.raises(UsageError, match=r"too large for a requirements file"):
        read("r.txt")


@pytest.mark.parametrize(
    "content",
    [
        "café".encode(),
        b"\xef\xbb\xbf" + "café".encode(),
        b"\xff\xfe" + "café".encode("utf-16-le"),
        b"# -*- coding: latin-1 -*-\n" + "café".encode("latin-1"),
    ],
)
def test_encodings(read, files, content):
    files.content["/w/r.txt"] = content
    assert read("r.txt")[0][1] == "café"


def test_what_is_no_text(read, files):
    files.content["/w/r.txt"] = b"caf\xe9"
    with pytest.raises(UsageError) as caught:
        read("r.txt")
    assert caught.value.hint == "name the encoding in the first line: # -*- coding: latin-1 -*-"


@pytest.mark.parametrize("name", ["pylock.toml", "pylock.dev.toml"])
def test_no_requirements_file_includes_a_lock(read, files, name):
    files.content["/w/r.txt"] = f"-r {name}\n".encode()
    files.content[f"/w/{name}"] = b""
    with pytest.raises(UsageError) as caught:
        read("r.txt")
    assert caught.value.message == f"r.txt:1: {name} is a lock file, which a requirements file cannot include"
    assert caught.value.hint == f"accel-doctor install -r {name}"


@pytest.mark.parametrize(
    ("name", "what", "hint"),
    [
        (
            "pyproject.toml",
            "a project's own file",
            "to install the project and its dependencies, give its directory: . or -e .",
        ),
        (
            "sub/setup.cfg",
            "a project's own file",
            "to install the project and its dependencies, give its directory: sub or -e sub",
        ),
        ("sub/uv.lock", "uv's lock file", "accel-doctor sync sub/uv.lock"),
        ("poetry.lock", "Poetry's lock file", "accel-doctor sync poetry.lock"),
        ("Pipfile.lock", "Pipenv's lock file", "accel-doctor sync Pipfile.lock"),
        (
            "Pipfile",
            "Pipenv's file",
            "accel-doctor run -- pipenv install; or pipenv requirements > requirements.txt, and give that with -r",
        ),
        ("environment.yml", "a conda environment file", "accel-doctor run -- conda env update -f environment.yml"),
        ("package.json", "npm's file", "accel-doctor run -- npm install"),
        ("deps.yaml", "a YAML file", "give a requirements file, or a pylock.toml"),
        ("sub/script.py", "a Python file", "if it says what it needs (PEP 723): --script sub/script.py"),
    ],
)
def test_what_is_no_requirements_file(read, files, name, what, hint):
    files.add(f"/w/{name}", "[x]")
    with pytest.raises(UsageError) as caught:
        read(name)
    assert (caught.value.message, caught.value.hint) == (f"{name} is {what}, not a requirements file", hint)


def test_other_names_are_those_of_requirements_files(read, files):
    for name in ("requirements.lock", "deps", "all.pip", "x.toml.txt"):
        files.add(f"/w/{name}", "six")
        assert len(read(name)) == 1
