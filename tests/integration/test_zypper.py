"""The zypper adapter drives the real zypper, on Debian, over a small repository."""

from __future__ import annotations

from pathlib import Path

import pytest
from integration.conftest import MakeMachine
from integration.machine import Base, Machine
from integration.repositories import LATE_RPM, MAKE_RPM_REPOSITORY, RPM_SPECS

from accel_doctor.errors import NetworkError, PackageManagerError
from accel_doctor.system.packages.privilege import Privilege
from accel_doctor.system.packages.zypper import Zypper

ROOT = Privilege("", terminal=False)
REPOSITORY = "[demo]\nname=demo\nbaseurl={url}\ngpgcheck={signed}\nenabled=1\nautorefresh=1\n"
BASE = Base("trixie", ("zypper", "rpm", "createrepo-c"), RPM_SPECS, MAKE_RPM_REPOSITORY)


@pytest.fixture
def suse(make_machine: MakeMachine) -> Machine:
    made = make_machine(BASE)
    made.write("/etc/zypp/repos.d/demo.repo", REPOSITORY.format(url="dir:///srv/repo", signed=0))
    return made


def test_install_by_name_and_capability(suse: Machine, tmp_path: Path) -> None:
    zypper = Zypper(suse.runner(), ROOT)
    wanted = ["demo-devel", "pkgconfig(demo)"]
    assert zypper.available([*wanted, "no-such-package"]) == set(wanted)
    assert zypper.installed(wanted) == frozenset()
    simulation = zypper.simulate(wanted)
    assert simulation is not None
    assert sorted(simulation.installs) == ["demo-devel", "demo-libs"]
    assert (simulation.removes, simulation.downgrades) == ((), ())
    assert simulation.download_bytes

    zypper.install(wanted, tmp_path / "log")

    assert zypper.installed([*wanted, "demo-doc"]) == set(wanted)  # recommended packages are left out
    assert (
        (tmp_path / "log")
        .read_text()
        .startswith(
            "$ env ZYPP_LOCK_TIMEOUT=60 zypper --non-interactive install --no-recommends -- demo-devel"
            " 'pkgconfig(demo)'\n"
        )
    )
    zypper.install(wanted, tmp_path / "log")  # once more: nothing to do is fine


def test_an_unknown_name_installs_nothing(suse: Machine, tmp_path: Path) -> None:
    zypper = Zypper(suse.runner(), ROOT)
    with pytest.raises(PackageManagerError) as caught:
        zypper.install(["demo-libs", "no-such-package"], tmp_path / "log")
    assert caught.value.message == (
        "zypper cannot install demo-libs no-such-package:\nNo provider of 'no-such-package' found."
    )
    assert caught.value.hint == "check which repositories are enabled with zypper lr"
    assert zypper.installed(["demo-libs"]) == frozenset()


def test_a_removal_is_refused(suse: Machine, tmp_path: Path) -> None:
    zypper = Zypper(suse.runner(), ROOT)
    suse.must("rpm", "--install", "/srv/repo/noarch/demo-doc-1-1.noarch.rpm")
    with pytest.raises(PackageManagerError) as caught:
        zypper.install(["demo-heir"], tmp_path / "log")
    assert caught.value.message == "refused, nothing was changed: zypper would remove demo-doc"
    assert zypper.installed(["demo-doc", "demo-heir"]) == {"demo-doc"}


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("demo-broken", "nothing provides 'no-such-thing' needed by the to be installed demo-broken-1-1.noarch"),
        ("demo-foe", "demo-foe-1-1.noarch conflicts with 'demo-libs' provided by the installed demo-libs-2-1.noarch"),
        ("demo-old", "demo-old-1-1.noarch requires 'demo-libs = 1', but this requirement cannot be provided"),
    ],
)
def test_what_cannot_be_installed_is_said_in_zypper_s_words(
    suse: Machine, tmp_path: Path, name: str, words: str
) -> None:
    zypper = Zypper(suse.runner(), ROOT)
    zypper.install(["demo-libs"], tmp_path / "log")
    with pytest.raises(PackageManagerError) as caught:
        zypper.install([name], tmp_path / "log")
    assert caught.value.message.startswith(f"zypper cannot install {name}:\nProblem: 1: ")
    assert words in caught.value.message
    assert zypper.installed(["demo-libs", name]) == {"demo-libs"}


def test_a_repository_out_of_reach(suse: Machine, tmp_path: Path) -> None:
    repository = REPOSITORY.format(url="http://127.0.0.1:9/repo", signed=0)
    suse.write("/etc/zypp/repos.d/demo.repo", repository)
    zypper = Zypper(suse.runner(), ROOT)
    with pytest.raises(NetworkError) as caught:
        zypper.install(["demo-libs"], tmp_path / "log")
    assert caught.value.message.startswith("zypper could not reach a repository:\n")
    assert "Failed to connect to 127.0.0.1 port 9" in caught.value.message
    assert zypper.available(["demo-libs", "no-such-package"]) == {"demo-libs", "no-such-package"}

    suse.write("/etc/zypp/repos.d/local.repo", REPOSITORY.format(url="dir:///srv/repo", signed=0).replace("demo", "d2"))
    zypper.install(["demo-libs"], tmp_path / "log")  # another repository has it: one that is skipped matters not
    assert zypper.installed(["demo-libs"]) == {"demo-libs"}


def test_an_unsigned_repository_is_not_trusted(suse: Machine, tmp_path: Path) -> None:
    suse.write("/etc/zypp/repos.d/demo.repo", REPOSITORY.format(url="dir:///srv/repo", signed=1))
    zypper = Zypper(suse.runner(), ROOT)
    with pytest.raises(PackageManagerError) as caught:
        zypper.install(["demo-libs"], tmp_path / "log")
    assert "File 'repomd.xml' from repository 'demo' is unsigned." in caught.value.message
    assert caught.value.hint == "zypper does not trust a repository: import its key with zypper refresh, or remove it"
    assert zypper.installed(["demo-libs"]) == frozenset()


def test_who_is_not_root_is_told_nothing(suse: Machine) -> None:
    suse.must("useradd", "--create-home", "ann")
    zypper = Zypper(suse.runner("ann"), ROOT)
    assert zypper.simulate(["demo-doc"]) is None
    assert zypper.available(["demo-doc", "no-such-package"]) == {"demo-doc", "no-such-package"}  # nothing cached yet


@pytest.fixture
def stale(suse: Machine) -> Machine:
    """A machine whose metadata lacks lemon-devel, and is read anew on demand only."""
    repository = REPOSITORY.format(url="dir:///srv/repo", signed=0).replace("autorefresh=1", "autorefresh=0")
    suse.write("/etc/zypp/repos.d/demo.repo", repository)
    without, again = LATE_RPM
    suse.must(*without)
    suse.must("zypper", "--non-interactive", "refresh")
    suse.must(*again)
    return suse


def test_a_package_newer_than_the_metadata(stale: Machine, tmp_path: Path) -> None:
    zypper = Zypper(stale.runner(), ROOT)
    zypper.install(["lemon-devel"], tmp_path / "log")
    assert zypper.installed(["lemon-devel"]) == {"lemon-devel"}
    commands = [line for line in (tmp_path / "log").read_text().splitlines() if line.startswith("$ ")]
    assert commands == [
        "$ zypper --non-interactive refresh",
        "$ env ZYPP_LOCK_TIMEOUT=60 zypper --non-interactive install --no-recommends -- lemon-devel",
    ]


def test_root_finds_a_package_newer_than_the_metadata(stale: Machine) -> None:
    stale.must("useradd", "--create-home", "ann")
    user = Zypper(stale.runner("ann"), Privilege("sudo", terminal=False))
    assert user.available(["lemon-devel"]) == frozenset()  # root's rights are not asked for to look something up
    assert Zypper(stale.runner(), ROOT).available(["lemon-devel"]) == {"lemon-devel"}


def test_exactly_what_was_installed_is_removed(suse: Machine, tmp_path: Path) -> None:
    zypper = Zypper(suse.runner(), ROOT)
    before = zypper.inventory()
    zypper.install(["pkgconfig(demo)"], tmp_path / "log")
    assert zypper.inventory() - before == {"demo-devel", "demo-libs"}
    remover = zypper.remover(tmp_path / "removed")
    assert remover is not None
    assert remover.real(["pkgconfig(demo)", "no-such-package"]) == {"demo-devel"}
    assert remover.explicit() & {"demo-devel", "demo-libs"} == {"demo-devel"}
    assert remover.sizes(["demo-devel"]).keys() == {"demo-devel"}
    assert remover.simulate(["demo-devel"]) == {"demo-devel"}  # and not what nothing needs then
    assert remover.simulate(["demo-libs"]) == {"demo-devel", "demo-libs"}
    with pytest.raises(PackageManagerError) as caught:
        remover.remove(["demo-libs"])
    assert caught.value.message == (
        "refused, nothing was changed: zypper would not remove exactly these packages: demo-devel"
    )

    remover.remove(["demo-devel", "demo-libs"])
    assert zypper.inventory() == before
