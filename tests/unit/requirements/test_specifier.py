"""One requirement: names, URLs, paths."""

from __future__ import annotations

from pathlib import Path

import pytest

from accel_doctor.errors import UsageError
from accel_doctor.model.requests import Connection
from accel_doctor.requirements.specifier import SpecifierReader, local_project
from accel_doctor.system.file_reader import FileReader


@pytest.fixture
def read(files):
    files.add("/w/proj/pyproject.toml", "")
    files.add("/w/old/setup.py", "")
    files.add("/w/empty/README", "")
    files.add("/w/a-1.0.tar.gz", "")
    files.add("/w/dist/Some_Thing-2.0-py3-none-any.whl", "")
    files.add("/other/pyproject.toml", "")

    def read(text: str, *, editable: bool = False):
        line = SpecifierReader(files, Path("/w")).read(text, "r.txt:1", editable=editable)
        return line.text, line.name

    return read


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Zope.Interface[test]>=5 ; python_version > '3'", "zope-interface"),
        ("six", "six"),
        ("six==1.*,<2", "six"),
        ("Flask_Thing @ https://host/Flask_Thing-1.0.tar.gz", "flask-thing"),
        ("a@https://host/a-1.0.zip", "a"),
        ("git+https://host/x.git@main#egg=My_X&subdirectory=sub", "my-x"),
        ("git+ssh://git@host/x.git", None),
        ("https://host/p/Some_Thing-2.0-py3-none-any.whl#sha256=ab", "some-thing"),
        ("https://host/thing-2.0.tar.gz", None),
        ("a @ https://host/thing-2.0.tar.gz ; os_name == 'nt'", "a"),
    ],
)
def test_names_and_urls_stay_as_written(read, text, expected):
    assert read(text) == (text, expected)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("./proj", "/w/proj"),
        ("proj/", "/w/proj"),
        ("./proj[a,b] ; sys_platform == 'linux'", "/w/proj[a,b] ; sys_platform == 'linux'"),
        ("../other", "/other"),
        ("./old", "/w/old"),
        ("a-1.0.tar.gz", "/w/a-1.0.tar.gz"),
        ("./a-1.0.tar.gz[x]", "/w/a-1.0.tar.gz[x]"),
        ("file:proj", "file:///w/proj"),
        ("./proj;", "/w/proj"),
        ("file:///w/x/../proj", "file:///w/proj"),
        ("file:///w/a-1.0.tar.gz#sha256=ab", "file:///w/a-1.0.tar.gz#sha256=ab"),
    ],
)
def test_local_ones_become_absolute(read, text, expected):
    assert read(text) == (expected, None)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a;", "a"),
        ("a==1 ;", "a==1"),
        ("a @ file:proj", "a @ file:///w/proj"),
        ("a @ https://h/a.zip; os_name == 'nt'", "a @ https://h/a.zip ; os_name == 'nt'"),
    ],
)
def test_what_pip_takes_becomes_what_everything_takes(read, text, expected):
    assert read(text) == (expected, "a")


def test_a_wheel_file_tells_its_name(read):
    assert read("dist/Some_Thing-2.0-py3-none-any.whl") == ("/w/dist/Some_Thing-2.0-py3-none-any.whl", "some-thing")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (".", ("/w", None)),
        ("./proj[a]", ("/w/proj[a]", None)),
        ("proj ; python_version > '3'", ("/w/proj ; python_version > '3'", None)),
        ("file:proj#egg=Proj", ("/w/proj", "proj")),
        ("git+https://host/x.git#egg=X", ("git+https://host/x.git#egg=X", "x")),
        ("x @ git+https://host/x.git", ("x @ git+https://host/x.git", "x")),
    ],
)
def test_editables(read, files, text, expected):
    files.add("/w/pyproject.toml", "")
    assert read(text, editable=True) == expected


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        (
            "./empty",
            "r.txt:1: Directory './empty' is not installable. Neither 'setup.py' nor 'pyproject.toml' found.",
            None,
        ),
        ("b-1.0.zip", "r.txt:1: Requirement 'b-1.0.zip' looks like a filename, but the file does not exist", None),
        (
            "six=1",
            "r.txt:1: Invalid requirement: 'six=1': Expected semicolon (after name with no version specifier) or end\n"
            "    six=1\n       ^",
            "= is not a valid operator. Did you mean == ?",
        ),
        (
            "six ; x",
            "r.txt:1: Invalid requirement: 'six': Expected a marker variable or quoted string\n    x\n    ^",
            None,
        ),
        ("https://[a", "r.txt:1: Invalid requirement: 'https://[a': Invalid IPv6 URL", None),
        ("a @ https://[a", "r.txt:1: Invalid requirement: 'a @ https://[a': Invalid IPv6 URL", None),
        (
            "https://h/a.zip#egg=a[x]",
            "r.txt:1: https://h/a.zip#egg=a[x]: egg=a[x] is not the name of a project",
            "write NAME[EXTRAS] @ URL",
        ),
        (
            "requirements.txt",
            "r.txt:1: 'requirements.txt' is a file, not a package",
            "to read requirements from a file: -r requirements.txt",
        ),
    ],
)
def test_what_is_no_requirement(read, text, message, hint):
    with pytest.raises(UsageError) as caught:
        read(text)
    assert (caught.value.message, caught.value.hint) == (message, hint)


def test_a_path_that_is_not_there(read):
    with pytest.raises(UsageError) as caught:
        read("sub/requirements.txt")
    assert caught.value.message.endswith("\nIt looks like a path. File 'sub/requirements.txt' does not exist.")
    assert caught.value.hint == "to read requirements from a file: -r sub/requirements.txt"


def test_an_editable_is_a_directory_or_a_repository(read):
    with pytest.raises(UsageError) as caught:
        read("six", editable=True)
    assert caught.value.message == (
        "r.txt:1: six is not a valid editable requirement. It should either be a path to a local project or a VCS URL "
        "(beginning with git+, hg+, svn+, bzr+)."
    )


@pytest.mark.parametrize("name", ["plain", "with[x] in it"])
@pytest.mark.parametrize(
    ("text", "editable"),
    [
        ("{0}", False),
        ("{0}[x,y]", True),
        ("{0} ; python_version > '3'", True),
        ("a @ file://{1} ; python_version > '3'", False),
        ("file://{1}#egg=a", True),
    ],
)
def test_the_directory_of_a_project_is_told_whatever_stands_around_it(tmp_path, name, text, editable):
    project = tmp_path / name
    project.mkdir()
    (project / "setup.py").touch()
    reader = SpecifierReader(FileReader(Connection(), {}), tmp_path)
    line = reader.read(text.format(project, str(project).replace(" ", "%20")), "r.txt:1", editable=editable)
    assert local_project(line) == project


def test_what_is_no_directory_is_no_project(tmp_path):
    (tmp_path / "a-1.0.tar.gz").touch()
    reader = SpecifierReader(FileReader(Connection(), {}), tmp_path)
    for text in ("six", "./a-1.0.tar.gz", "a @ https://host/a-1.0.zip", "git+file:///r#egg=a"):
        assert local_project(reader.read(text, "r.txt:1")) is None
