"""The contributor command that holds package names against package lists."""

import lzma

import pytest
from books import load
from tools.check_names import Listing, read_lists, releases, wrong_names

from accel_doctor.model.needs import Need
from accel_doctor.system.distribution import named_distribution

PACKAGES = """\
Package: python3
Version: 3.13.5-1

Package: real-dev
Provides: single-dev (= 1), shared-dev

Package: other-dev
Provides: shared-dev
"""
RULES = """\
schema: 1
family: debian
needs:
  header:
    here.h: real-dev
    zlib.h: gone-dev
    instead.h: {packages: gone-dev, alternatives: [[away-dev], [real-dev, single-dev]]}
    virtual.h: single-dev
    either.h: shared-dev
    dir/*: [real-dev, missing-dev]
"""


def test_names_are_those_that_can_be_installed(tmp_path):
    file = tmp_path / "Packages.xz"
    file.write_bytes(lzma.compress(PACKAGES.encode()))
    assert read_lists([file]) == Listing(frozenset({"python3", "real-dev", "other-dev", "single-dev"}), "3.13")


def test_lists_without_an_interpreter_are_not_whole(tmp_path):
    (tmp_path / "Packages").write_text("Package: zlib1g-dev\n")
    with pytest.raises(RuntimeError, match="the lists have no python3"):
        read_lists([tmp_path / "Packages"])


def test_rules_whose_packages_and_alternatives_are_missing_are_wrong(tmp_path):
    (tmp_path / "debian.yaml").write_text(RULES)
    book = load([tmp_path])
    shipped = load().package_rules(named_distribution("debian:13"))
    everything = {
        name for rule in shipped.values() for option in (rule.packages, *rule.alternatives) for name in option
    }
    listing = Listing(frozenset({*everything, "python3.13-dev", "real-dev", "single-dev"}), "3.13")
    wrong = wrong_names(book, named_distribution("debian:13"), listing)
    assert [str(item) for item in wrong] == [
        "header:dir/*: no package missing-dev",
        "header:either.h: no package shared-dev; no package has such a file",
        "header:zlib.h: no package gone-dev; zlib1g-dev has usr/include/zlib.h",
    ]
    other = wrong_names(book, named_distribution("debian:13"), Listing(listing.names, "3.12"))
    assert "header:Python.h: no package python3.12-dev" in [str(item).partition(";")[0] for item in other]
    assert "pythons: no package python3.13; python3 is 3.12" in map(str, other)


def test_each_release_is_held_against_lists_that_exist():
    book = load()
    found = {str(distribution): origin for distribution, origin in releases(book, [])}
    assert found == {
        "debian 11": "11",
        "debian 12": "12",
        "debian 13": "13",
        "debian": "sid",
        "ubuntu 20.04": "11",
        "ubuntu 22.04": "12",
        "ubuntu 23.04": "12",
        "ubuntu 23.10": "13",
        "ubuntu 24.04": "13",
        "ubuntu 24.10": "13",
        "ubuntu 25.04": "13",
        "ubuntu 25.10": "13",
        "ubuntu 26.04": "sid",
    }
    with pytest.raises(SystemExit, match="debian:9: choose from 11, 12, 13, sid, ubuntu:20.04"):
        releases(book, ["debian:9"])


def test_names_of_every_release_debian_makes_now():
    # A real sid machine says forky, as testing does, and has no VERSION_ID; 14 is what forky will be.
    book = load()
    need = Need.parse("header:pcre.h")
    for text in ("debian:13", "debian:sid", "debian:forky", "debian:14", "devuan:excalibur"):
        rule = book.package_rule(need, named_distribution(text))
        assert rule is not None
        assert rule.packages == (), text
