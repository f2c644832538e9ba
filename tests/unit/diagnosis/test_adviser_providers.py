"""What the adviser takes from the package manager itself, where neither a rule nor an index speaks."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pytest
from books import book_of
from fakes import FakeCatalogue

from accel_doctor.diagnosis import RuleAdviser
from accel_doctor.fileindex import ReleaseIndexes
from accel_doctor.fileindex.building import index_bytes
from accel_doctor.fileindex.contents import Collection
from accel_doctor.model.cures import Confidence, Provider, Reason
from accel_doctor.model.machine import Distribution
from accel_doctor.model.needs import Need
from accel_doctor.model.plans import Plan
from accel_doctor.system.python.platforms import assumed_interpreter

RULES = """\
schema: 1
family: fedora
manager: dnf
search: {header: "dnf provides {{ need.name | quote }}"}
needs:
  header: {ruled.h: ruled-devel, gone.h: null}
"""
FEDORA = Distribution("fedora", "99", pretty_name="Fedora 99")


def found(name: str, place: str, *, development: bool = True, service: bool = False) -> Provider:
    return Provider(name, place, "dnf repoquery", development, service)


@pytest.fixture
def adviser(tmp_path: Path) -> Callable[..., tuple[RuleAdviser, FakeCatalogue]]:
    (tmp_path / "fedora.yaml").write_text(RULES)
    (tmp_path / "symptoms.yaml").write_text("schema: 1\n")
    collection = Collection()
    for path in ("usr/include/indexed.h", *(f"usr/include/d{number}/config.h" for number in range(9))):
        collection.add(path, [f"{path.split('/')[2].removesuffix('.h')}-devel"])
    index = tmp_path / "fedora-99.index"
    index.write_bytes(index_bytes(collection, Distribution("fedora", "99")))

    def make(has: Mapping[str, Sequence[Provider]]) -> tuple[RuleAdviser, FakeCatalogue]:
        asked = FakeCatalogue(name="dnf", told=has)
        interpreter = assumed_interpreter(FEDORA, "3.13")
        return RuleAdviser(
            book_of([tmp_path]), FEDORA, interpreter, asked, ReleaseIndexes(FEDORA, directories=[tmp_path])
        ), asked

    return make


def plan(adviser: RuleAdviser, *needs: str) -> Plan:
    return adviser.plan([Reason(Need.parse(need), "x") for need in needs])


def test_it_is_asked_last_and_once(adviser):
    has = {"header:new.h": [found("new-devel", "usr/include/new.h")]}
    doctor, asked = adviser(has)
    needs = ("header:ruled.h", "header:gone.h", "header:indexed.h", "header:config.h", "build-constraint:x<1")
    for _ in range(2):
        made = plan(doctor, *needs, "header:new.h", "header:nowhere.h")
    assert [(item.name, item.confidence, item.source) for item in made.packages] == [
        ("indexed-devel", Confidence.INDEX, "index fedora 99"),
        ("new-devel", Confidence.INDEX, "dnf repoquery"),
        ("ruled-devel", Confidence.RULE, "rules/fedora.yaml"),
    ]
    assert asked.questions == ["header:new.h", "header:nowhere.h"]
    assert made.commands == (("dnf", "install", "indexed-devel", "new-devel", "ruled-devel"),)
    assert [str(unmet.reason.need) for unmet in made.unmet] == [
        "header:gone.h",
        "header:config.h",
        "build-constraint:x<1",
        "header:nowhere.h",
    ]
    assert made.unmet[-1].advice == ("no package of Fedora 99 has nowhere.h")


@pytest.mark.parametrize(
    ("need", "providers", "expected", "confidence"),
    [
        ("pkgconfig:a", [found("a-devel", "pkgconfig(a)")], [("a-devel",)], Confidence.INDEX),
        ("cmake:A", [found("a-devel", "cmake(A)")], [("a-devel",)], Confidence.INDEX),
        ("header:a.h", [found("a-devel", "usr/include/a.h")], [("a-devel",)], Confidence.INDEX),
        ("header:a.h", [found("a-devel", "usr/include/*/a.h")], [("a-devel",)], Confidence.INDEX),
        ("command:a", [found("a-devel", "usr/bin/a")], [("a-devel",)], Confidence.INDEX),
        # a library is only usually what its pkgconfig() is called
        ("library:a", [found("a-devel", "pkgconfig(a)")], [("a-devel",)], Confidence.GUESS),
        ("library:a", [found("a-devel", "usr/lib64/liba.so")], [("a-devel",)], Confidence.INDEX),
        # not for development; a service
        ("command:a", [found("a", "usr/bin/a", development=False)], [("a",)], Confidence.GUESS),
        ("pkgconfig:a", [found("a-libs", "pkgconfig(a)", development=False)], [("a-libs",)], Confidence.GUESS),
        ("header:a.h", [found("a-devel", "usr/include/a.h", service=True)], [("a-devel",)], Confidence.GUESS),
        # several
        (
            "pkgconfig:a",
            [found("b-a-devel", "pkgconfig(a)"), found("a-devel", "pkgconfig(a)")],
            [("a-devel",), ("b-a-devel",)],
            Confidence.GUESS,
        ),
        # the one to build with, of two
        (
            "header:a.h",
            [found("game", "usr/include/a.h", development=False), found("a-devel", "usr/include/a.h")],
            [("a-devel",), ("game",)],
            Confidence.INDEX,
        ),
    ],
)
def test_how_sure_it_is(adviser, need, providers, expected, confidence):
    doctor, _ = adviser({need: providers})
    (package,) = plan(doctor, need).packages
    assert [(package.name,), *package.alternatives] == expected
    assert (package.confidence, package.source) == (confidence, "dnf repoquery")


def test_what_is_no_package_name_never_reaches_a_command(adviser):
    names = ("--nogpgcheck", "a-devel*", "https://evil.example/a-devel.rpm", "/srv/a-devel.rpm", "a devel")
    doctor, _ = adviser({"pkgconfig:a": [found(name, "pkgconfig(a)") for name in names]})
    made = plan(doctor, "pkgconfig:a")
    assert (made.packages, made.commands, len(made.unmet)) == ((), (), 1)


def test_a_file_of_that_name_in_another_place_is_no_answer(adviser):
    doctor, _ = adviser({"command:a": [found("a-devel", "usr/share/a/a")], "header:a.h": [found("a", "opt/a.h")]})
    assert plan(doctor, "command:a", "header:a.h").packages == ()
