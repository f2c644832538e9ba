"""A request made of an exported lock: nothing is resolved, and what has no hash is attached."""

from __future__ import annotations

from pathlib import Path

import pytest
from packaging.markers import Marker
from packaging.pylock import Package, PackageDirectory

from accel_doctor.errors import RequirementsError, UsageError
from accel_doctor.model.requests import InstallRequest, RequirementLine, Selection
from accel_doctor.requirements.exported_locks import as_locked
from accel_doctor.requirements.project_file import read_project

HERE = {"python_version": "3.12", "python_full_version": "3.12.1"}
COMMIT = "c" * 40


def line(text: str, name: str | None, *, editable: bool = False, hashed: bool = False) -> RequirementLine:
    return RequirementLine(text, "requirements.txt:1", editable, name, ("sha256:" + "a" * 64,) if hashed else ())


def project(directory: Path, name: str) -> Path:
    directory.mkdir()
    (directory / "pyproject.toml").write_text(f'[project]\nname = "{name}"\n')
    return directory


def test_directories_and_commits_are_attached(tmp_path):
    app, lib, other = (project(tmp_path / name, name.title()) for name in ("app", "lib", "other"))
    pinned = line("six==1", "six", hashed=True)
    request = InstallRequest(
        (
            pinned,
            line(f"{lib} ; python_version >= '3.10'", None, editable=True),
            line(f"other @ {other.as_uri()}", "other"),
            line(f"x @ git+https://h/x.git@{COMMIT}#subdirectory=s", "x"),
        )
    )
    locked = as_locked(request, [read_project(app).as_package(editable=True)], Selection(), HERE)
    assert (locked.requirements, locked.no_deps) == ((pinned,), True)
    lib_package, other_package, repository, own = locked.attached
    assert (lib_package.name, lib_package.directory) == ("lib", PackageDirectory(path=str(lib), editable=True))
    assert lib_package.marker == Marker("python_version >= '3.10'")
    assert (other_package.name, other_package.directory) == ("other", PackageDirectory(path=str(other), editable=False))
    assert (repository.vcs.url, repository.vcs.commit_id, repository.vcs.subdirectory) == (
        "https://h/x.git",
        COMMIT,
        "s",
    )
    assert own == Package(name="app", directory=PackageDirectory(path=str(app), editable=True))


def test_a_lock_keeps_its_selection(tmp_path):
    request = InstallRequest((), lock=tmp_path / "pylock.toml")
    chosen = Selection(groups=("docs",))
    assert as_locked(request, (), chosen, HERE) == InstallRequest((), lock=request.lock, selection=chosen)


def test_a_directory_without_a_name(tmp_path):
    request = InstallRequest((line(str(tmp_path), None),))
    with pytest.raises(UsageError) as caught:
        as_locked(request, (), Selection(), HERE)
    assert caught.value.message == f"{tmp_path}/pyproject.toml: the project has no name"


def test_a_lock_for_other_pythons_is_not_taken_for_an_empty_one():
    lines = tuple(line(f"{name}==1 ; python_version >= '3.14'", name) for name in ("a", "b"))
    with pytest.raises(RequirementsError) as caught:
        as_locked(InstallRequest(lines), (), Selection(), HERE)
    assert caught.value.message == "the lock file has nothing for Python 3.12.1"
    assert caught.value.hint == "choose another interpreter with --python"
    assert as_locked(InstallRequest(()), (), Selection(), HERE).requirements == ()


@pytest.mark.parametrize(("said", "allowed"), [('">=3.14"', False), ('"^3.14"', True), ("3", True), ('">=3.10"', True)])
def test_the_pythons_that_a_project_is_for(tmp_path, said, allowed):
    (tmp_path / "pyproject.toml").write_text(f"[project]\nrequires-python = {said}\n")
    assert read_project(tmp_path).requires_python.contains("3.12.1") is allowed
