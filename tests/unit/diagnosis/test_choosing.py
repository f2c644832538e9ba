"""PackageChooser: what counts more, what nearest relatives suggest, and what no package has."""

from __future__ import annotations

from collections.abc import Callable, Collection
from pathlib import Path

import pytest
from books import book_of
from fakes import FakeCatalogue

from accel_doctor.diagnosis.choosing import PackageChooser
from accel_doctor.fileindex import ReleaseIndexes
from accel_doctor.fileindex.building import index_bytes
from accel_doctor.fileindex.contents import Collection as Files
from accel_doctor.model.cures import Confidence, PackageChoice
from accel_doctor.model.machine import Distribution
from accel_doctor.model.needs import Need
from accel_doctor.rulebook import Rulebook
from accel_doctor.system.python.platforms import assumed_interpreter

DEBIAN = """\
schema: 1
family: debian
manager: apt
release_names: {ninetynine: "99"}
search: {header: "apt-file search {{ need.name | quote }}"}
needs:
  compiler: {"rust-*": {packages: [rustc, cargo], alternatives: [[rustc-web, cargo-web]]}}
  header: {"speex/*": libspeex-dev, "boost/*": libboost-dev, gone.h: null}
"""
UBUNTU = """\
schema: 1
family: ubuntu
extends: debian
matches: {ids: [mint]}
release_names: {nice: "24"}
extends_releases: {"24": "99"}
"""
SYMPTOMS = """\
schema: 1
advice:
  compiler: {"rust-*": "see rustup.rs"}
  header: {gone.h: "ask for a release that works without gone.h"}
"""
FILES = {
    "98": {
        "usr/include/speex/gone.h": "libspeex-dev",
        "usr/include/dropped.h": "libdropped-dev",
        "usr/include/gone.h": "libgone-dev",
    },
    "99": {
        "usr/include/speex/speex.h": "libspeex-dev",
        "usr/include/speex/speex_echo.h": "libspeexdsp-dev",
        "usr/include/boost/mpi.hpp": "libboost1.83-dev",
        "usr/include/sure.h": "libsure-dev",
        "usr/include/two.h": "libtwo-old-dev,libtwo-new-dev",
    },
    "100": {"usr/include/brandnew.h": "libnew-dev", "usr/include/gone.h": "libgone2-dev"},
}
HERE = Distribution("debian", "99", pretty_name="Debian 99")
NOBLE = Distribution("ubuntu", "24", "nice", ("debian",), "Ubuntu 24")


@pytest.fixture
def rules(tmp_path: Path) -> Rulebook:
    for name, text in (("debian", DEBIAN), ("ubuntu", UBUNTU), ("symptoms", SYMPTOMS)):
        (tmp_path / f"{name}.yaml").write_text(text)
    for release, files in FILES.items():
        collection = Files()
        for path, packages in files.items():
            collection.add(path, packages.split(","))
        (tmp_path / f"debian-{release}.index").write_bytes(index_bytes(collection, Distribution("debian", release)))
    return book_of([tmp_path])


@pytest.fixture
def chooser(rules: Rulebook, tmp_path: Path) -> Callable[..., PackageChooser]:
    def make(distribution: Distribution, lists: Collection[str] = ()) -> PackageChooser:
        indexes = ReleaseIndexes(distribution, rules.relatives(distribution), [tmp_path])
        interpreter = assumed_interpreter(distribution, "3.13")
        return PackageChooser(rules, distribution, interpreter, FakeCatalogue(lists=lists), indexes)

    return make


def answer(chooser: PackageChooser, need: str) -> tuple[tuple[str, ...], Confidence] | None:
    choice = chooser.choice(Need.parse(need))
    return (choice.packages, choice.confidence) if choice else None


def test_an_exact_path_in_the_index_counts_more_than_a_rule_for_a_pattern(chooser):
    here = chooser(HERE)
    assert answer(here, "header:speex/speex_echo.h") == (("libspeexdsp-dev",), Confidence.INDEX)
    assert answer(here, "header:speex/speex.h") == (("libspeex-dev",), Confidence.RULE)


def test_a_rule_for_a_pattern_does_not_stand_for_what_no_package_has(chooser):
    choice = chooser(HERE).choice(Need.parse("header:speex/gone.h"))
    assert choice
    assert (choice.packages, choice.advice) == (
        (),
        "no package of Debian 99 has speex/gone.h; Debian 98 has it in libspeex-dev",
    )
    assert answer(chooser(NOBLE), "header:speex/gone.h") == (("libspeex-dev",), Confidence.RULE)


def test_a_package_that_only_depends_on_others_is_not_contradicted(chooser):
    assert answer(chooser(HERE), "header:boost/mpi.hpp") == (("libboost-dev",), Confidence.RULE)


@pytest.mark.parametrize(
    ("distribution", "lists", "confidence"),
    [
        (NOBLE, ["libsure-dev"], Confidence.INDEX),
        (NOBLE, [], Confidence.GUESS),
        (Distribution("mint", "21", "nice"), ["libsure-dev"], Confidence.INDEX),
        (Distribution("mint", "6", "ninetynine"), ["libsure-dev"], Confidence.INDEX),
        (Distribution("raspbian", "7", like=("debian",), base="99"), ["libsure-dev"], Confidence.INDEX),
    ],
)
def test_the_nearest_debian_answers_for_what_this_machine_s_lists_confirm(chooser, distribution, lists, confidence):
    assert answer(chooser(distribution, lists), "header:sure.h") == (("libsure-dev",), confidence)


def test_lists_choose_among_the_packages_of_a_relative(chooser):
    assert answer(chooser(NOBLE, ["libtwo-old-dev"]), "header:two.h") == (("libtwo-old-dev",), Confidence.INDEX)


def test_what_only_a_release_farther_away_has_is_a_guess(chooser):
    assert answer(chooser(NOBLE, ["libdropped-dev"]), "header:dropped.h") == (("libdropped-dev",), Confidence.GUESS)
    assert answer(chooser(NOBLE), "header:dropped.h") is None


def test_a_relative_s_exact_path_counts_more_than_a_rule_for_a_pattern(chooser):
    assert answer(chooser(NOBLE, ["libspeexdsp-dev"]), "header:speex/speex_echo.h") == (
        ("libspeexdsp-dev",),
        Confidence.INDEX,
    )


@pytest.mark.parametrize(
    ("need", "advice"),
    [
        ("header:dropped.h", "no package of Debian 99 has dropped.h; Debian 98 has it in libdropped-dev"),
        ("header:brandnew.h", "no package of Debian 99 has brandnew.h; Debian 100 has it in libnew-dev"),
        ("header:never.h", "no package of Debian 99 has never.h"),
        ("library:never", "no package of Debian 99 has libnever.so"),
        ("header:x/detail/never.h", "no rule names a package for {}; search with: apt-file search x/detail/never.h"),
    ],
)
def test_what_no_package_has(chooser, need, advice):
    here = chooser(HERE)
    assert here.choice(Need.parse(need)) is None
    assert here.advice(Need.parse(need)) == advice.format(need)


def test_what_a_rule_says_is_absent_comes_with_other_releases_and_with_what_upstream_offers(chooser):
    choice = chooser(HERE).choice(Need.parse("header:gone.h"))
    assert choice
    assert choice.advice == (
        "no package of Debian 99 is known to have it; Debian 98 has it in libgone-dev, Debian 100 has it in "
        "libgone2-dev; ask for a release that works without gone.h"
    )


def test_a_relative_proves_nothing(chooser):
    assert chooser(NOBLE).advice(Need.parse("header:never.h")) == (
        "no rule names a package for header:never.h; search with: apt-file search never.h"
    )


@pytest.mark.parametrize(
    ("need", "known"),
    [
        ("header:sure.h", True),
        ("header:gone.h", True),
        ("header:dropped.h", True),
        ("library:manually", False),
        ("build-constraint:x<1", True),
    ],
)
def test_which_things_exist(chooser, need, known):
    assert chooser(HERE).knows(Need.parse(need)) is known


def test_a_package_manager_that_lists_files_proves_it_too(rules, tmp_path):
    manager = FakeCatalogue(denied=["header:never.h"])
    indexes = ReleaseIndexes(NOBLE, rules.relatives(NOBLE), [tmp_path])
    here = PackageChooser(rules, NOBLE, assumed_interpreter(NOBLE, "3.12"), manager, indexes)
    assert here.advice(Need.parse("header:never.h")) == "no package of Ubuntu 24 has never.h"


def rust(rules: Rulebook, version: str, **facts: object) -> PackageChoice:
    manager = FakeCatalogue(newest={"rustc": "1.63.0+dfsg1-2", "rustc-web": "1:1.85.0~deb12u3"}, **facts)
    here = PackageChooser(rules, HERE, assumed_interpreter(HERE, "3.12"), manager, ReleaseIndexes(HERE))
    choice = here.choice(Need.parse(f"compiler:rust-{version}"))
    assert choice
    return choice


@pytest.mark.parametrize(
    ("version", "options"),
    [("1.56", (("rustc", "cargo"), ("rustc-web", "cargo-web"))), ("1.85", (("rustc-web", "cargo-web"),))],
)
def test_packages_are_chosen_by_the_version_that_is_needed(rules, version, options):
    assert rust(rules, version).options == options


def test_none_is_new_enough(rules):
    assert (rust(rules, "1.88").packages, rust(rules, "1.88").advice) == (
        (),
        "rust 1.88 or newer is needed, Debian 99 has rustc 1.63.0 and rustc-web 1.85.0; see rustup.rs",
    )


def test_a_newer_one_that_would_remove_the_older_one_is_left_to_the_user(rules):
    choice = rust(rules, "1.85", has=["rustc"], exclusive=["rustc", "rustc-web"], simulates=True)
    assert (choice.packages, choice.advice) == (
        (),
        "rustc-web and cargo-web would do, but would remove rustc-web: do that yourself with: "
        "apt-get install rustc-web cargo-web",
    )


def test_without_versions_the_newest_is_likeliest(rules):
    here = PackageChooser(rules, HERE, assumed_interpreter(HERE, "3.12"), FakeCatalogue(), ReleaseIndexes(HERE))
    choice = here.choice(Need.parse("compiler:rust-1.85"))
    assert choice
    assert choice.options == (("rustc-web", "cargo-web"),)
