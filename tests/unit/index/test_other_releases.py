"""The releases beside one that cannot be built, on pages shortened from PyPI's, and the sentences about them."""

from __future__ import annotations

import pytest
from packaging.specifiers import SpecifierSet
from packaging.tags import Tag, compatible_tags, cpython_tags
from packaging.version import Version

from accel_doctor.index.other_releases import newest_before, other_releases, promises_extensions
from accel_doctor.index.pages import project_of
from accel_doctor.model.releases import OtherReleases, Project, ReleaseFile
from accel_doctor.report.release_text import releases_line

LINUX = ["manylinux_2_17_x86_64", "manylinux2014_x86_64", "manylinux1_x86_64", "linux_x86_64"]
X64, ARM = "manylinux1_x86_64", "manylinux_2_17_aarch64"


def tags(python: str = "3.13") -> list[Tag]:
    version = tuple(map(int, python.split(".")))
    return [*cpython_tags(version, None, LINUX), *compatible_tags(version, f"cp{python.replace('.', '')}", LINUX)]


def found(project: Project, asked: str | None, python: str = "3.13.5") -> OtherReleases:
    return other_releases(project, asked, python, tags(".".join(python.split(".")[:2])))


def project(*names: str, requires_python: str | None = None, yanked: tuple[str, ...] = ()) -> Project:
    files = (
        ReleaseFile(name, f"https://i/{name}", requires_python=requires_python, yanked=name in yanked) for name in names
    )
    return project_of(names[0].split("-")[0], files)


def wheels(name: str, version: str, platform: str, *pythons: str) -> list[str]:
    return [f"{name}-{version}-cp{python}-cp{python}-{platform}.whl" for python in pythons]


NUMPY = project(
    "numpy-2.4.1.tar.gz",
    *wheels("numpy", "2.4.1", X64, "311", "313"),
    *wheels("numpy", "2.1.0", X64, "310", "313"),
    *wheels("numpy", "1.26.4", X64, "39", "312"),
    "numpy-1.17.0.zip",
    *wheels("numpy", "1.17.0", X64, "37"),
    *(f"numpy-1.17.0-cp3{minor}-cp3{minor}m-{X64}.whl" for minor in (5, 6)),
    *wheels("numpy", "1.17.0", "win_amd64", "38"),
)


@pytest.mark.parametrize(
    ("listed", "asked", "line"),
    [
        (
            NUMPY,
            "1.17.0",
            "newest numpy with wheels for Python 3.13: 2.4.1, nearest to 1.17.0: 2.1.0; "
            "1.17.0 has wheels for Python 3.5 to 3.7",
        ),
        (NUMPY, None, "newest numpy with wheels for Python 3.13: 2.4.1"),
        (NUMPY, "2.2", "newest numpy with wheels for Python 3.13: 2.4.1"),
        (NUMPY, "3.0", "newest numpy with wheels for Python 3.13: 2.4.1"),
        (NUMPY, "2.4.1", "numpy 2.4.1 has wheels for Python 3.13: leave out --no-binary to use one"),
        (
            project("a-1.0.tar.gz", "a-2.0.tar.gz", *wheels("a", "1.0", X64, "27", "34", "35", "38")),
            "1.0",
            "no release of a has wheels for Python 3.13 on this platform; "
            "1.0 has wheels for Python 2.7, 3.4, 3.5, 3.8; the newest release is 2.0",
        ),
        (project("a-1.0.tar.gz"), "1.0", "no release of a has wheels for Python 3.13 on this platform"),
        (
            project("a-1.0.tar.gz", *wheels("a", "1.0", ARM, "313")),
            "1.0",
            "no release of a has wheels for Python 3.13 on this platform; 1.0 has wheels for other platforms only",
        ),
    ],
)
def test_one_line_says_what_to_ask_for_instead(listed, asked, line):
    assert releases_line(found(listed, asked)) == line


def test_pure_wheels_and_the_stable_abi_fit_where_their_python_does():
    listed = project(
        "a-4.0-py2-none-any.whl", f"a-3.0-cp36-abi3-{X64}.whl", f"a-2.0-cp314-abi3-{X64}.whl", "a-1.0-py3-none-any.whl"
    )
    assert [str(version) for version in found(listed, None).usable] == ["3.0", "1.0"]


def test_a_wheel_fits_only_the_pythons_that_it_requires():
    assert found(project("a-1.0-py3-none-any.whl", requires_python="<3.12"), None).usable == ()
    assert found(project("a-1.0-py3-none-any.whl", requires_python="nonsense"), None).usable == (Version("1.0"),)


def test_releases_for_another_python_are_found_for_it():
    assert found(NUMPY, "1.17.0", "3.9.2").nearest == Version("1.26.4")


def test_yanked_releases_and_needless_pre_releases_are_left_out():
    names = ("a-3.0-py3-none-any.whl", "a-2.0rc1-py3-none-any.whl", "a-1.0-py3-none-any.whl")
    listed = project(*names, yanked=names[:1])
    assert found(listed, None).usable == (Version("1.0"),)
    assert found(listed, None).newest == Version("1.0")
    assert found(project(*names[:2], yanked=names[:1]), None).usable == (Version("2.0rc1"),)


def test_an_older_release_is_the_nearest_only_where_there_is_no_newer_one():
    assert found(NUMPY, "2.3").nearest == Version("2.4.1")
    assert found(NUMPY, "9.0").nearest == Version("2.4.1")
    assert found(project("a-1.0.zip"), "1.0").nearest is None
    assert found(NUMPY, "not a version").nearest == Version("2.4.1")


@pytest.mark.parametrize(
    ("names", "version", "expected"),
    [
        (["x-1.tar.gz", *wheels("x", "1", X64, "311")], "1", True),
        (["x-1.tar.gz", *wheels("x", "1", X64, "311"), "x-1-py3-none-any.whl"], "1", False),
        (["x-1.tar.gz", *wheels("x", "1", X64, "311")], "2", False),
        (["x-1.tar.gz", "x-1-py3-none-manylinux1_x86_64.whl"], "1", False),
        (["x-1.tar.gz", *wheels("x", "1", "win_amd64", "311")], "1", False),
        (["x-1.tar.gz", *wheels("x", "1", "win_amd64", "311"), *wheels("x", "1", X64, "311")], "1", True),
        (["x-1.tar.gz"], "1", False),
        (["x-1.tar.gz"], None, False),
    ],
)
def test_wheels_promise_extension_modules_unless_one_has_none(names, version, expected):
    assert promises_extensions(project(*names), version) is expected


@pytest.mark.parametrize(
    ("asked", "day", "allowed", "python", "version"),
    [
        ("2.0", "2023-02-12", "", "3.11.2", "1.5"),
        (None, "2023-02-12", "", "3.11.2", "1.5"),
        ("1.5", "2023-02-12", "", "3.11.2", None),
        ("1.6", "2023-02-12", "", "3.11.2", "1.5"),
        ("2.0", "2023-02-12", "<1.5", "3.11.2", "1.0"),
        ("2.0", "2023-02-12", "==2.0", "3.11.2", None),
        ("2.0", "2020-01-01", "", "3.11.2", None),
        ("2.0", "2023-02-12", "", "3.7.1", "1.0"),
    ],
)
def test_the_newest_release_before_a_day(asked, day, allowed, python, version):
    days = {"1.0": ("2020-02-01", None), "1.5": ("2023-02-11", ">=3.8"), "1.6rc1": ("2023-02-11", None),
            "1.7": ("2023-02-12", None), "2.0": ("2026-01-01", None), "0.1": (None, None)}  # fmt: skip
    files = [
        ReleaseFile(f"x-{number}.tar.gz", "https://i", None, requires, uploaded=since and f"{since}T00:00:00Z")
        for number, (since, requires) in days.items()
    ]
    found = newest_before(project_of("x", files), asked, day, SpecifierSet(allowed), python)
    assert str(found) == str(version)
