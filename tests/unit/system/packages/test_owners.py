"""Which package a file belongs to, in the words of each package manager."""

from __future__ import annotations

from pathlib import Path

import pytest
from fakes import FakeRunner

from accel_doctor.system.packages.managers import file_owners, installed_versions

LIBRARY = Path("/usr/lib/nowhere/libshelf.so.1")


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ("libshelf1:amd64: /lib/nowhere/libshelf.so.1\n", "libshelf1"),
        ("other-data, other:amd64: /usr/lib/nowhere/libshelf.so.1\n", "other-data"),
        ("diversion by x from: /usr/lib/nowhere/libshelf.so.1\n", None),
    ],
)
def test_dpkg_is_asked_by_both_names_that_a_merged_usr_has(said, name):
    runner = FakeRunner(lambda argv: (1, said))
    assert file_owners([LIBRARY], "apt", runner) == ({LIBRARY: name} if name else {})
    assert runner.commands == [("dpkg-query", "-S", "--", str(LIBRARY), "/lib/nowhere/libshelf.so.1")]


def test_dpkg_is_asked_about_all_files_at_once():
    other = Path("/usr/lib/nowhere/libother.so.2")
    said = f"libother2:amd64: {other}\nlibshelf1:amd64: /lib/nowhere/libshelf.so.1\ndpkg: no path found: /lib/x\n"
    runner = FakeRunner(lambda argv: (1, said))
    unowned = Path("/usr/lib/x")
    assert file_owners([LIBRARY, other, unowned], "apt", runner) == {LIBRARY: "libshelf1", other: "libother2"}
    assert len(runner.commands) == 1


@pytest.mark.parametrize(
    ("manager", "said", "name"),
    [
        ("dnf", "libpq\n", "libpq"),
        ("zypper", "libpq5\n", "libpq5"),
        ("zypper", f"file {LIBRARY} is not owned by any package\n", None),
        ("pacman", "postgresql-libs\n", "postgresql-libs"),
        ("pacman", "", None),
        ("apk", f"{LIBRARY} is owned by libpq-17.6-r0\n", "libpq"),
        ("apk", "", None),
        ("brew", "libpq\n", None),
        ("no package manager", "libpq\n", None),
    ],
)
def test_the_others_are_asked_file_by_file(manager, said, name):
    found = file_owners([LIBRARY], manager, FakeRunner(lambda argv: (0, said)))
    assert found == ({LIBRARY: name} if name else {})


def test_the_file_behind_a_link_is_what_is_asked_about(tmp_path):
    real = tmp_path / "libshelf.so.1.2"
    real.write_bytes(b"")
    link = tmp_path / "libshelf.so.1"
    link.symlink_to(real.name)
    runner = FakeRunner(lambda argv: (0, "shelf\n"))
    assert file_owners([link], "dnf", runner) == {link: "shelf"}
    assert runner.commands[0][-1] == str(real)


def test_a_name_that_dpkg_would_take_for_a_pattern_is_not_asked_about():
    runner = FakeRunner(lambda argv: (0, "evil: /x\n"))
    assert file_owners([Path("/opt/*/libshelf.so")], "apt", runner) == {}
    assert runner.commands == []


@pytest.mark.parametrize("manager", ["apt", "dnf", "zypper", "pacman"])
def test_packages_are_told_with_their_versions(manager):
    runner = FakeRunner(
        lambda argv: (1, "libxml2-dev 2.12.7\nlibpq-dev 17.6-0+deb13u1\npackage odd is not installed\n")
    )
    told = installed_versions(["odd", "libxml2-dev", "libpq-dev"], manager, runner)
    assert told == ("libpq-dev 17.6-0+deb13u1", "libxml2-dev 2.12.7", "odd")
    assert runner.commands[0][-3:] == ("odd", "libxml2-dev", "libpq-dev")


def test_nothing_is_asked_about_nothing():
    runner = FakeRunner(lambda argv: (0, ""))
    assert installed_versions([], "apt", runner) == ()
    assert installed_versions(["libpq"], "brew", runner) == ("libpq",)
    assert runner.commands == []
