"""What the adviser takes from a file index where no rule speaks."""

from __future__ import annotations

from pathlib import Path

import pytest
from books import book_of
from fakes import FakeCatalogue

from accel_doctor.diagnosis import RuleAdviser
from accel_doctor.fileindex import ReleaseIndexes
from accel_doctor.fileindex.building import index_bytes
from accel_doctor.fileindex.contents import Collection
from accel_doctor.model.cures import Confidence, Reason
from accel_doctor.model.machine import Distribution, Interpreter, Origin
from accel_doctor.model.needs import Finding, Need, Role
from accel_doctor.model.plans import Plan

RULES = """\
schema: 1
family: debian
manager: apt
needs:
  header: {ruled.h: libruled-dev, gone.h: null, shelf/*: libshelf-dev}
  library: {ruled: libruled-dev}
"""
DEBIAN = Distribution("debian", "99", pretty_name="Debian 99")
INTERPRETER = Interpreter(
    executable=Path("/usr/bin/python3"), prefix=Path("/usr"), base_prefix=Path("/usr"), implementation="cpython",
    version="3.11.2", soabi="", cache_tag="", platform="linux-x86_64", libc="", include=Path("/usr/include/python3.11"),
    origin=Origin.DISTRIBUTION, in_virtual_environment=False, externally_managed=None, pip_version=None, debug=False,
    free_threaded=False, environment={},
)  # fmt: skip
FILES = {
    "usr/include/ruled.h": "libother-dev",
    "usr/include/gone.h": "libother-dev",
    "usr/include/sure.h": "libsure-dev",
    "usr/include/tls.h": "libtls-gnutls-dev,libtls-openssl-dev",
    "usr/include/bad.h": "Not_A_Debian_Name-dev",
    "usr/lib/libshelf.so.1": "libshelf1",
    "usr/include/shelf/board.h": "libshelf-dev",
    **{f"usr/include/d{number}/config.h": f"libd{number}-dev" for number in range(9)},
}


@pytest.fixture
def indexes(tmp_path):
    collection = Collection()
    for path, packages in FILES.items():
        collection.add(path, packages.split(","))
    (tmp_path / "debian-99.index").write_bytes(index_bytes(collection, Distribution("debian", "99")))
    return ReleaseIndexes(DEBIAN, directories=[tmp_path])


@pytest.fixture
def adviser(tmp_path, indexes):
    (tmp_path / "debian.yaml").write_text(RULES)
    (tmp_path / "symptoms.yaml").write_text("schema: 1\n")
    return RuleAdviser(book_of([tmp_path]), DEBIAN, INTERPRETER, FakeCatalogue(), indexes)


@pytest.fixture
def plan(adviser, indexes):
    def make(*needs: str) -> tuple[Plan, bool]:
        made = adviser.plan([Reason(Need.parse(need), "x") for need in needs])
        return made, "own" in vars(indexes)

    return make


def test_rules_speak_first_and_no_index_is_opened(plan):
    made, opened = plan("header:ruled.h")
    assert [(item.name, item.confidence, item.source) for item in made.packages] == [
        ("libruled-dev", Confidence.RULE, "rules/debian.yaml")
    ]
    assert not opened


def test_what_a_rule_says_is_absent_is_looked_for_in_no_list(plan):
    made, _ = plan("header:gone.h")
    assert [item.advice for item in made.unmet] == ["no package of Debian 99 is known to have it"]


def test_one_clear_winner_and_one_guess(plan):
    made, opened = plan("header:sure.h", "header:tls.h")
    assert [(item.name, item.confidence, item.source, item.alternatives) for item in made.packages] == [
        ("libsure-dev", Confidence.INDEX, "index debian 99", ()),
        ("libtls-openssl-dev", Confidence.GUESS, "index debian 99", (("libtls-gnutls-dev",),)),
    ]
    assert made.commands == (("apt-get", "install", "libsure-dev", "libtls-openssl-dev"),)
    assert opened


def test_a_name_that_is_everywhere_installs_nothing(plan):
    made, _ = plan("header:config.h")
    assert made.packages == ()
    assert [item.advice for item in made.unmet] == [
        "libd0-dev, libd1-dev, libd2-dev and 6 more contain a file of that name; "
        "compare them with: accel-doctor why header:config.h"
    ]


def test_what_is_no_package_name_never_reaches_a_command(plan):
    made, _ = plan("header:bad.h", "header:nowhere.h", "build-constraint:x<1")
    assert (made.packages, made.commands, len(made.unmet)) == ((), (), 3)


def test_of_a_library_s_names_those_that_nothing_has_are_left_out_beside_one_that_a_package_has(adviser):
    def reasons(*names: str) -> list[Reason]:
        needs = [Need.parse(f"soname:{name}") for name in names]
        return [Reason(need, "x", Finding(need, "x", 7, "asked for", "run-time-library", Role.CAUSE)) for need in needs]

    made = adviser.plan(reasons("libshelf-2", "libshelf", "libshelf_old"))
    assert (made.names, made.unmet) == (("libshelf1",), ())
    assert [str(one.reason.need) for one in adviser.plan(reasons("libnone")).unmet] == ["soname:libnone"]


def test_a_library_opened_by_name_is_else_its_development_package(adviser):
    assert adviser.plan([Reason(Need.parse("soname:libruled"), "x")]).names == ("libruled-dev",)


@pytest.mark.parametrize(
    ("need", "ends_without", "final"),
    [
        ("pkgconfig:nowhere", True, True),
        ("pkgconfig:nowhere", False, False),
        ("header:sure.h", True, False),
        ("header:shelf/gone.h", True, True),
        ("header:shelf/board.h", True, False),
        ("header:nowhere.h", True, False),  # another distribution of Python's, perhaps
    ],
)
def test_what_a_source_surely_asks_for_in_vain_ends_the_build(adviser, need, ends_without, final):
    asked = Reason(Need.parse(need), "x", ends_without=ends_without)
    made = adviser.plan([asked, Reason(Need.parse("header:sure.h"), "x")])
    assert bool(made.final) is final


def test_a_header_that_surely_comes_from_outside_and_that_no_package_has_ends_the_build(adviser):
    asked = Reason(Need.parse("header:nowhere.h"), "x", ends_without=True, outside=True)
    (unmet,) = adviser.plan([asked]).final
    assert not unmet.of_libraries  # no other release would do
