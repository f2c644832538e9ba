"""What dnf 4, dnf5, zypper and pacman tell about who has something, and what the adviser makes of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from books import book_of
from integration import test_dnf, test_pacman, test_zypper
from integration.conftest import MakeMachine
from integration.machine import Base, Machine, UnavailableError, machine

from accel_doctor.diagnosis import RuleAdviser
from accel_doctor.fileindex import rank_providers
from accel_doctor.interfaces import PackageManager, Runner
from accel_doctor.model.cures import Confidence, PackageChoice, Provider
from accel_doctor.model.machine import Distribution
from accel_doctor.model.needs import Need
from accel_doctor.system.packages.apt import Apt
from accel_doctor.system.packages.dnf import Dnf
from accel_doctor.system.packages.pacman import Pacman
from accel_doctor.system.packages.privilege import Privilege
from accel_doctor.system.packages.zypper import Zypper
from accel_doctor.system.python.platforms import assumed_interpreter

NOBODY = Privilege(None, terminal=False)
HERE = Distribution("here", "1")


@dataclass(frozen=True)
class Kind:
    base: Base
    drive: Callable[[Runner, Privilege], PackageManager]
    prepare: Callable[[Machine], object]


def _dnf(made: Machine) -> None:
    made.write("/etc/yum.repos.d/demo.repo", test_dnf.REPOSITORY.format(url="file:///srv/repo"))


def _zypper(made: Machine) -> None:
    made.write("/etc/zypp/repos.d/demo.repo", test_zypper.REPOSITORY.format(url="dir:///srv/repo", signed=0))
    made.must("zypper", "--non-interactive", "refresh")


def _pacman(made: Machine) -> None:
    test_pacman.configure(made)
    made.must("pacman", "-Sy")
    made.must("pacman", "-Fy")


KINDS = {
    "dnf4": Kind(test_dnf.DNF4, Dnf, _dnf),
    "dnf5": Kind(test_dnf.DNF5, Dnf, _dnf),
    "zypper": Kind(test_zypper.BASE, Zypper, _zypper),
    "pacman": Kind(test_pacman.BASE, Pacman, _pacman),
}
Ask = Callable[[str], PackageChoice | None]


@pytest.fixture(scope="module", params=sorted(KINDS))
def asked(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Ask]]:
    """An ordinary user's adviser, without a rule and without an index, on a machine of each kind."""
    kind = KINDS[request.param]
    rules: Path = tmp_path_factory.mktemp("rules")
    manager = request.param.rstrip("45")
    (rules / "here.yaml").write_text(f"schema: 1\nfamily: here\nmanager: {manager}\nmatches: {{ids: [here]}}\n")
    (rules / "symptoms.yaml").write_text("schema: 1\n")
    try:
        with machine(kind.base) as made:
            kind.prepare(made)
            made.must("useradd", "--create-home", "ann")
            interpreter = assumed_interpreter(HERE, "3.13")
            adviser = RuleAdviser(book_of([rules]), HERE, interpreter, kind.drive(made.runner("ann"), NOBODY))
            yield manager, lambda need: adviser.choice(Need.parse(need))
    except UnavailableError as problem:
        pytest.skip(str(problem))


def answer(choice: PackageChoice | None) -> tuple[object, ...] | None:
    return (choice.packages, choice.confidence, *choice.alternatives) if choice else None


SOURCES = {"dnf": "dnf repoquery", "zypper": "zypper search", "pacman": "pacman -F"}


def devel(manager: str, name: str) -> str:
    return name if manager == "pacman" else f"{name}-devel"


@pytest.mark.parametrize("need", ["pkgconfig:orange", "cmake:Orange"])
def test_what_one_package_provides_is_sure(asked: tuple[str, Ask], need: str) -> None:
    manager, ask = asked
    choice = ask(need)
    assert answer(choice) == ((devel(manager, "orange"),), Confidence.INDEX)
    assert choice
    assert choice.source == SOURCES[manager]


@pytest.mark.parametrize(
    "need", ["header:orange.h", "header:orange-2/peel.h", "header:peel.h", "header:pips/pip.h", "library:orange"]
)
def test_files(asked: tuple[str, Ask], need: str) -> None:
    manager, ask = asked
    if manager != "zypper":
        assert answer(ask(need)) == ((devel(manager, "orange"),), Confidence.INDEX)
    elif need == "library:orange":  # by the habit of calling pkgconfig(orange) so
        assert answer(ask(need)) == (("orange-devel",), Confidence.GUESS)
    else:
        assert ask(need) is None


def test_commands(asked: tuple[str, Ask]) -> None:
    manager, ask = asked
    # pacman's lists do not tell a setuid program from another
    sure = Confidence.GUESS if manager == "pacman" else Confidence.INDEX
    assert answer(ask("command:orange-config")) == ((devel(manager, "orange"),), sure)
    assert answer(ask("command:oranged")) == (("orange-server",), Confidence.GUESS)


def test_several_and_what_lets_somebody_in_are_guesses(asked: tuple[str, Ask]) -> None:
    manager, ask = asked
    if manager == "zypper":
        assert ask("header:grape.h") is None
        return
    red, white = devel(manager, "red-grape"), devel(manager, "white-grape")
    assert answer(ask("header:grape.h")) == ((red,), Confidence.GUESS, (white,))
    assert answer(ask("header:lemon.h")) == ((devel(manager, "lemon"),), Confidence.GUESS)
    coincidence = ask("header:settings.h")
    assert coincidence
    assert coincidence.packages == ()
    one, two, three = (devel(manager, f"fig{number}") for number in (1, 2, 3))
    assert coincidence.advice == (
        f"{one}, {two}, {three} and 4 more contain a file of that name; "
        "compare them with: accel-doctor why header:settings.h"
    )


@pytest.mark.parametrize(
    "need",
    ["header:absent.h", "pkgconfig:absent", "cmake:Absent", "command:absent", "library:absent", "soname:liba.so.1"],
)
def test_what_nobody_has(asked: tuple[str, Ask], need: str) -> None:
    assert asked[1](need) is None


def test_without_a_database_of_files_pacman_tells_nothing(make_machine: MakeMachine) -> None:
    made = make_machine(test_pacman.BASE)
    test_pacman.configure(made)
    assert Pacman(made.runner(), NOBODY).providers(Need.parse("header:demo.h")) == ()
    made.must("pacman", "-Sy")
    assert Pacman(made.runner(), NOBODY).providers(Need.parse("header:demo.h")) == ()


APT_FILE = Base("bookworm", ("apt-file",), setup=(("apt-get", "update"),))


def test_apt_file_is_asked_where_it_has_lists(make_machine: MakeMachine) -> None:
    made = make_machine(APT_FILE)
    made.must("useradd", "--create-home", "ann")
    apt = Apt(made.runner("ann"), NOBODY)
    need = Need.parse("header:libxslt/xslt.h")
    assert apt.providers(need) == (
        Provider("libxslt1-dev", "usr/include/libxslt/xslt.h", "apt-file search", development=True),
    )
    assert rank_providers(need, apt.providers(need)).confidence is Confidence.INDEX
    daemon = Need.parse("command:tor")
    ranking = rank_providers(daemon, apt.providers(daemon))
    (package,) = (candidate.package for candidate in ranking.candidates)
    assert (package.name, package.development, package.service) == ("tor", False, True)
    assert ranking.confidence is Confidence.GUESS

    made.must("sh", "-c", "rm /var/lib/apt/lists/*Contents*")
    assert apt.providers(need) == ()
    made.must("rm", "/usr/bin/apt-file")
    assert apt.providers(need) == ()
