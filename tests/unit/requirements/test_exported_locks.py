"""A request made of an exported lock: nothing is resolved, and what has no hash is attached."""

from __future__ import annotations

from pathlib import Path

import pytest
from packaging.markers import Marker
from packaging.pylock import Package, PackageDirectory

from accel_doctor.errors import UsageError
from accel_doctor.model.requests import InstallRequest, RequirementLine, Selection
from accel_doctor.requirements.exported_locks import as_locked
from accel_doctor.requirements.project_file import read_project

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
    locked = as_locked(request, [read_project(app).as_package(editable=True)], Selection())
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
    assert as_locked(request, (), chosen) == InstallRequest((), lock=request.lock, selection=chosen)


def test_a_directory_without_a_name(tmp_path):
    request = InstallRequest((line(str(tmp_path), None),))
    with pytest.raises(UsageError) as caught:
        as_locked(request, (), Selection())
    assert caught.value.message == f"{tmp_path}/pyproject.toml: the project has no name"
