"""Needs to a plan, with a package manager that has what the test says."""

from pathlib import Path
from typing import Any

import pytest
from books import book_of
from fakes import FakeCatalogue

from accel_doctor.diagnosis import RuleAdviser
from accel_doctor.model.cures import Confidence, Reason
from accel_doctor.model.machine import Distribution, Interpreter, Origin
from accel_doctor.model.needs import Finding, Need, Role
from accel_doctor.model.plans import Plan

RULES = """\
schema: 1
family: debian
manager: apt
search: {header: "apt-file search {{ need.name | quote }}"}
needs:
  compiler: {c: [gcc, libc6-dev], c++: g++}
  pkgconfig: {libpq: libpq-dev}
  command:
    pg_config: libpq-dev
    pkg-config: pkgconf
    curl-config: {packages: libcurl-ssl-dev, alternatives: [[libcurl-tls-dev]]}
  header:
    libpq-fe.h: libpq-dev
    curl/curl.h: {packages: libcurl-tls-dev, alternatives: [[libcurl-ssl-dev]]}
    tls.h: libcurl-tls-dev
    ssl.h: libcurl-ssl-dev
    gone.h: null
    odd.h: {packages: libodd-dev, advice: "set ODD_HOME"}
"""
SYMPTOMS = "schema: 1\nadvice: {build-constraint: {'x<1': pin x}}\n"
DEBIAN = Distribution("debian", "12", "bookworm", (), "Debian 12")


def stocked(**known: Any) -> FakeCatalogue:
    return FakeCatalogue(simulates=True, **known)


INTERPRETER = Interpreter(
    executable=Path("/usr/bin/python3"), prefix=Path("/usr"), base_prefix=Path("/usr"), implementation="cpython",
    version="3.11.2", soabi="", cache_tag="", platform="linux-x86_64", libc="", include=Path("/usr/include/python3.11"),
    origin=Origin.DISTRIBUTION, in_virtual_environment=False, externally_managed=None, pip_version=None, debug=False,
    free_threaded=False, environment={},
)  # fmt: skip


@pytest.fixture
def plan(tmp_path):
    (tmp_path / "debian.yaml").write_text(RULES)
    (tmp_path / "symptoms.yaml").write_text(SYMPTOMS)

    def make(*reasons: Reason, shop: FakeCatalogue | None = None, distribution: Distribution = DEBIAN) -> Plan:
        return RuleAdviser(book_of([tmp_path]), distribution, INTERPRETER, shop or stocked()).plan(reasons)

    return make


def found(need: str, package: str = "x") -> Reason:
    parsed = Need.parse(need)
    return Reason(parsed, package, Finding(parsed, package, 1, f"no {need}", "symptom", Role.CAUSE))


def foreseen(need: str, package: str = "x") -> Reason:
    return Reason(Need.parse(need), package)


def unmet(plan: Plan) -> list[tuple[str, str | None]]:
    return [(str(item.reason.need), item.advice) for item in plan.unmet]


def test_one_package_meets_several_needs_once_with_all_reasons(plan):
    reasons = found("command:pg_config", "a"), found("header:libpq-fe.h", "b"), found("compiler:c", "a")
    made = plan(*reasons)
    assert made.names == ("gcc", "libc6-dev", "libpq-dev")
    (libpq,) = [package for package in made.packages if package.name == "libpq-dev"]
    assert (libpq.reasons, libpq.confidence, libpq.source) == (reasons[:2], Confidence.RULE, "rules/debian.yaml")
    assert made.commands == (("apt-get", "install", "gcc", "libc6-dev", "libpq-dev"),)
    assert made.unmet == ()


def test_nothing_to_install_means_no_commands(plan):
    assert plan() == Plan()


def test_only_what_is_missing_of_a_set_is_named(plan):
    assert plan(found("compiler:c"), shop=stocked(has={"gcc"})).names == ("libc6-dev",)


def test_installed_and_still_not_found(plan):
    shop = stocked(has={"libpq-dev", "libodd-dev", "gcc", "libc6-dev"})
    made = plan(found("command:pg_config"), found("header:odd.h"), shop=shop)
    assert made.names == ()
    look = "check where it searches, and which version it accepts"
    assert unmet(made) == [
        ("command:pg_config", f"libpq-dev is installed, but the build does not find it: {look}"),
        ("header:odd.h", f"libodd-dev is installed, but the build does not find it: {look}; set ODD_HOME"),
    ]


def test_what_is_of_another_version_of_a_library_is_marked(plan):
    shop = stocked(has={"libpq-dev", "pkgconf", "gcc", "libc6-dev"})
    needs = ("pkgconfig:libpq", "command:pg_config", "header:gone.h", "build-constraint:library-too-old",
             "build-constraint:x<1", "library:nowhere", "build-constraint:older:flask")  # fmt: skip
    made = plan(*map(found, needs), shop=shop)
    marked = {str(one.reason.need) for one in made.unmet if one.of_libraries}
    assert marked == {"pkgconfig:libpq", "build-constraint:library-too-old", "build-constraint:older:flask"}


def test_installed_and_not_found_for_want_of_what_finds_it(plan):
    made = plan(found("header:odd.h"), shop=stocked(has={"libodd-dev"}))
    assert made.names == ("gcc", "libc6-dev")
    assert unmet(made) == []
    assert [str(reason.need) for reason in made.packages[0].reasons] == ["compiler:c"]


def test_foreseen_and_installed_is_simply_met(plan):
    assert plan(foreseen("compiler:c"), shop=stocked(has={"gcc", "libc6-dev"})) == Plan()


def test_unknown_needs_come_with_a_way_to_search(plan):
    assert unmet(plan(found("header:foo bar.h"), found("library:foo"))) == [
        (
            "header:foo bar.h",
            "no rule names a package for header:foo bar.h; search with: apt-file search 'foo bar.h'",
        ),
        ("library:foo", None),
    ]


def test_needs_no_package_cures_come_with_advice(plan):
    assert unmet(plan(found("build-constraint:x<1"), found("header:gone.h"), found("network:dns"))) == [
        ("build-constraint:x<1", "pin x"),
        ("header:gone.h", "no package of Debian 12 is known to have it"),
        ("network:dns", None),
    ]


def test_what_the_distribution_does_not_offer(plan):
    made = plan(found("compiler:c"), found("header:odd.h"), shop=stocked(lacks={"libc6-dev", "libodd-dev"}))
    assert unmet(made) == [
        ("compiler:c", "gcc and libc6-dev would provide it, but Debian 12 has no such package"),
        ("header:odd.h", "libodd-dev would provide it, but Debian 12 has no such package; set ODD_HOME"),
    ]


def test_the_first_alternative_that_can_be_had(plan):
    assert plan(found("command:curl-config")).names == ("libcurl-ssl-dev",)
    assert plan(found("command:curl-config"), shop=stocked(lacks={"libcurl-ssl-dev"})).names == ("libcurl-tls-dev",)


def test_a_plan_shows_what_would_do_as_well(plan):
    def others(**shop):
        return [package.alternatives for package in plan(found("command:curl-config"), shop=stocked(**shop)).packages]

    assert others() == [(("libcurl-tls-dev",),)]
    assert others(lacks={"libcurl-ssl-dev"}) == [(("libcurl-ssl-dev",),)]


@pytest.mark.parametrize("first", ["header:tls.h", "command:curl-config"])
def test_never_two_providers_of_one_need(plan, first):
    reasons = [found("header:tls.h"), found("command:curl-config")]
    assert plan(*sorted(reasons, key=lambda reason: str(reason.need) != first)).names == ("libcurl-tls-dev",)


def test_two_needs_with_alternatives_share_one(plan):
    assert plan(found("command:curl-config"), found("header:curl/curl.h")).names == ("libcurl-ssl-dev",)


def test_an_installed_alternative_is_the_provider(plan):
    made = plan(found("command:curl-config"), shop=stocked(has={"libcurl-tls-dev"}))
    assert made.names == ()
    assert unmet(made)[0][1].startswith("libcurl-tls-dev is installed, but the build")


def test_an_alternative_that_would_remove_something_gives_way(plan):
    shop = stocked(has={"other"}, exclusive={"other", "libcurl-ssl-dev"})
    assert plan(found("command:curl-config"), shop=shop).names == ("libcurl-tls-dev",)


def test_an_alternative_that_cannot_be_installed_gives_way(plan):
    assert plan(found("command:curl-config"), shop=stocked(impossible={"libcurl-ssl-dev"})).names == (
        "libcurl-tls-dev",
    )


def test_where_every_alternative_conflicts_the_preferred_one_stays_for_the_package_manager_to_refuse(plan):
    shop = stocked(impossible={"libcurl-ssl-dev", "libcurl-tls-dev"})
    assert plan(found("command:curl-config"), shop=shop).names == ("libcurl-ssl-dev",)


def test_nothing_is_simulated_without_a_choice(plan):
    shop = stocked()
    plan(found("compiler:c"), found("compiler:c++"), shop=shop)
    assert shop.simulations == 0


def test_a_distribution_without_rules(plan):
    made = plan(found("compiler:c"), distribution=Distribution("slackware", "15"))
    assert (made.names, unmet(made)) == ((), [("compiler:c", None)])


def test_what_is_installed_of_known_needs_alternatives_included(tmp_path):
    (tmp_path / "debian.yaml").write_text(RULES)
    (tmp_path / "python.yaml").write_text(
        "schema: 1\npackages: {x: {needs: [compiler:c, header:curl/curl.h, header:gone.h, header:nobody.h]}}\n"
    )
    shop = stocked(has={"gcc", "libcurl-ssl-dev", "libpq-dev"})
    adviser = RuleAdviser(book_of([tmp_path]), DEBIAN, INTERPRETER, shop)
    assert adviser.installed_for("x") == ("gcc", "libcurl-ssl-dev")
    assert adviser.installed_for("y") == ()


def test_known_needs_come_from_the_rules(tmp_path):
    (tmp_path / "python.yaml").write_text("schema: 1\npackages: {x: {needs: [compiler:c]}}\n")
    adviser = RuleAdviser(book_of([tmp_path]), DEBIAN, INTERPRETER, stocked())
    assert adviser.known_needs("x") == (Need.parse("compiler:c"),)
    assert adviser.known_needs("y") == ()
