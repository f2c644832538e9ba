"""The dnf adapter drives dnf 4 (as in RHEL 8 to 10) and dnf5 (Fedora), on Debian, over a small repository."""

from __future__ import annotations

from pathlib import Path

import pytest
from integration.conftest import MakeMachine
from integration.machine import Base, Machine
from integration.repositories import LATE_RPM, MAKE_RPM_REPOSITORY, RPM_SPECS

from accel_doctor.errors import NetworkError, PackageManagerError
from accel_doctor.system.packages.dnf import Dnf
from accel_doctor.system.packages.privilege import Privilege

ROOT = Privilege("", terminal=False)

REPOSITORY = "[demo]\nname=demo\nbaseurl={url}\ngpgcheck=0\nenabled=1\n"


DNF5_OF_UNSTABLE = (
    ("sed", "-i", "s/^deb \\([^ ]*\\) .*/&\\ndeb \\1 sid main/", "/etc/apt/sources.list"),
    ("apt-get", "update"),
    ("apt-get", "install", "-y", "--no-install-recommends", "-t", "sid", "dnf5"),
    ("ln", "-s", "dnf5", "/usr/bin/dnf"),
)
DNF4 = Base("trixie", ("dnf", "rpm", "createrepo-c"), RPM_SPECS, MAKE_RPM_REPOSITORY)
DNF5 = Base("trixie", ("rpm", "createrepo-c"), RPM_SPECS, (*DNF5_OF_UNSTABLE, *MAKE_RPM_REPOSITORY))


@pytest.fixture(params=[DNF4, DNF5], ids=["dnf4", "dnf5"])
def fedora(request: pytest.FixtureRequest, make_machine: MakeMachine) -> Machine:
    made = make_machine(request.param)
    made.write("/etc/yum.repos.d/demo.repo", REPOSITORY.format(url="file:///srv/repo"))
    return made


def test_install_by_name_and_capability(fedora: Machine, tmp_path: Path) -> None:
    dnf = Dnf(fedora.runner(), ROOT)
    wanted = ["demo-devel", "pkgconfig(demo)"]
    assert dnf.available([*wanted, "no-such-package"]) == set(wanted)
    assert dnf.installed(wanted) == frozenset()
    simulation = dnf.simulate(wanted)
    assert simulation is not None
    assert sorted(simulation.installs) == ["demo-devel", "demo-libs"]
    assert (simulation.removes, simulation.downgrades) == ((), ())

    dnf.install(wanted, tmp_path / "log")

    assert dnf.installed([*wanted, "demo-doc"]) == set(wanted)  # recommended packages are left out
    command = "dnf -y --setopt=install_weak_deps=False install -- demo-devel 'pkgconfig(demo)'"
    assert (tmp_path / "log").read_text().startswith(f"$ {command}\n")
    dnf.install(wanted, tmp_path / "log")  # once more: nothing to do is fine


def test_an_unknown_name_installs_nothing(fedora: Machine, tmp_path: Path) -> None:
    dnf = Dnf(fedora.runner(), ROOT)
    with pytest.raises(PackageManagerError) as caught:
        dnf.install(["demo-libs", "no-such-package"], tmp_path / "log")
    assert caught.value.message.startswith("dnf cannot install demo-libs no-such-package:\n")
    assert "No match for argument: no-such-package" in caught.value.message
    assert dnf.installed(["demo-libs"]) == frozenset()


def test_removals_and_downgrades_are_refused(fedora: Machine, tmp_path: Path) -> None:
    dnf = Dnf(fedora.runner(), ROOT)
    dnf.install(["demo-libs"], tmp_path / "log")
    fedora.must("rpm", "--install", "/srv/repo/noarch/demo-doc-1-1.noarch.rpm")  # dnf itself would take its heir

    with pytest.raises(PackageManagerError) as caught:
        dnf.install(["demo-heir"], tmp_path / "log")
    assert caught.value.message == "refused, nothing was changed: dnf would remove demo-doc"
    with pytest.raises(PackageManagerError) as caught:
        dnf.install(["demo-old"], tmp_path / "log")
    assert caught.value.message == "refused, nothing was changed: dnf would downgrade demo-libs"
    assert dnf.installed(["demo-libs", "demo-doc", "demo-heir", "demo-old"]) == {"demo-libs", "demo-doc"}


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("demo-broken", "nothing provides no-such-thing needed by demo-broken-1-1.noarch"),
        ("demo-foe", "conflicts with demo-libs provided by"),
    ],
)
def test_what_cannot_be_installed_is_said_in_dnf_s_words(
    fedora: Machine, tmp_path: Path, name: str, words: str
) -> None:
    dnf = Dnf(fedora.runner(), ROOT)
    fedora.must("dnf", "-y", "install", "demo-libs")
    with pytest.raises(PackageManagerError) as caught:
        dnf.install([name], tmp_path / "log")
    assert caught.value.message.startswith(f"dnf cannot install {name}:\n")
    assert words in caught.value.message


def test_a_repository_out_of_reach(fedora: Machine, tmp_path: Path) -> None:
    fedora.write("/etc/yum.repos.d/demo.repo", REPOSITORY.format(url="http://127.0.0.1:9/repo"))
    dnf = Dnf(fedora.runner(), ROOT)
    with pytest.raises(NetworkError) as caught:
        dnf.install(["demo-libs"], tmp_path / "log")
    assert caught.value.message.startswith("dnf could not reach a repository:\n")
    assert "Curl error (7)" in caught.value.message
    assert dnf.available(["demo-libs", "no-such-package"]) == {"demo-libs", "no-such-package"}


def test_who_is_not_root_may_be_told_nothing(fedora: Machine) -> None:
    fedora.must("useradd", "--create-home", "ann")
    # dnf 4 refuses; dnf5 tells, or trips over its own lock file
    simulation = Dnf(fedora.runner("ann"), ROOT).simulate(["demo-doc"])
    assert simulation is None or simulation.installs == ("demo-doc",)


def test_a_package_newer_than_the_metadata(fedora: Machine, tmp_path: Path) -> None:
    without, again = LATE_RPM
    fedora.must("useradd", "--create-home", "ann")
    fedora.must(*without)
    ann, root = (Dnf(fedora.runner(user), ROOT) for user in ("ann", None))
    for dnf in (ann, root):
        assert dnf.available(["demo-libs", "lemon-devel"]) == {"demo-libs"}
    fedora.must(*again)
    assert ann.available(["lemon-devel"]) == frozenset()  # it was refreshed once
    assert Dnf(fedora.runner("ann"), ROOT).available(["lemon-devel"]) == {"lemon-devel"}

    root.install(["lemon-devel"], tmp_path / "log")

    assert root.installed(["lemon-devel"]) == {"lemon-devel"}
    commands = [line for line in (tmp_path / "log").read_text().splitlines() if line.startswith("$ ")]
    assert commands == [
        "$ dnf makecache --refresh",
        "$ dnf -y --setopt=install_weak_deps=False install -- lemon-devel",
    ]


def test_exactly_what_was_installed_is_removed(fedora: Machine, tmp_path: Path) -> None:
    dnf = Dnf(fedora.runner(), ROOT)
    before = dnf.inventory()
    dnf.install(["pkgconfig(demo)"], tmp_path / "log")
    assert dnf.inventory() - before == {"demo-devel", "demo-libs"}
    remover = dnf.remover(tmp_path / "removed")
    assert remover is not None
    assert remover.real(["pkgconfig(demo)", "no-such-package"]) == {"demo-devel"}
    assert remover.explicit() & {"demo-devel", "demo-libs"} == {"demo-devel"}
    assert remover.sizes(["demo-devel"]).keys() == {"demo-devel"}
    assert remover.simulate(["demo-devel"]) == {"demo-devel"}  # and not what nothing needs then
    assert remover.simulate(["demo-libs"]) == {"demo-devel", "demo-libs"}
    with pytest.raises(PackageManagerError) as caught:
        remover.remove(["demo-libs"])
    assert caught.value.message == (
        "refused, nothing was changed: dnf would not remove exactly these packages: demo-devel"
    )

    remover.remove(["demo-devel", "demo-libs"])
    assert dnf.inventory() == before
