"""The pacman adapter drives the real pacman, on Debian, over a small repository."""

from __future__ import annotations

from pathlib import Path

import pytest
from integration.conftest import MakeMachine
from integration.machine import Base, Machine
from integration.repositories import MAKE_PACMAN_REPOSITORY, PKGBUILDS

from accel_doctor.errors import NetworkError, PackageManagerError
from accel_doctor.system.packages.pacman import Pacman
from accel_doctor.system.packages.privilege import Privilege

ROOT = Privilege("", terminal=False)
CONFIGURATION = "[options]\nArchitecture = auto\nCheckSpace\nSigLevel = {level}\n[demo]\nServer = {url}\n"
BASE = Base(
    "trixie",
    ("pacman-package-manager", "makepkg", "binutils", "fakeroot", "libarchive-tools", "zstd"),
    PKGBUILDS,
    MAKE_PACMAN_REPOSITORY,
)


@pytest.fixture
def arch(make_machine: MakeMachine) -> Machine:
    made = make_machine(BASE)
    configure(made)
    return made


def configure(machine: Machine, url: str = "file:///srv/repo", level: str = "Never") -> None:
    machine.write("/etc/pacman.conf", CONFIGURATION.format(url=url, level=level))


def test_a_fresh_image_has_no_databases(arch: Machine, tmp_path: Path) -> None:
    pacman = Pacman(arch.runner(), ROOT)
    assert pacman.available(["demo", "no-such-package"]) == {"demo", "no-such-package"}
    assert pacman.simulate(["demo"]) is None
    assert pacman.commands(["demo"]) == (("pacman", "-Syu", "--needed", "--noconfirm", "--", "demo"),)

    pacman.install(["demo"], tmp_path / "log")

    assert pacman.installed(["demo", "demo-dev", "demo-libs", "demo-foe"]) == {"demo", "demo-dev", "demo-libs"}
    assert (tmp_path / "log").read_text().startswith("$ pacman -Syu --needed --noconfirm -- demo\n")


def test_install_where_databases_are(arch: Machine, tmp_path: Path) -> None:
    arch.must("pacman", "-Sy")
    arch.must("useradd", "--create-home", "ann")
    pacman = Pacman(arch.runner("ann"), ROOT)  # what can be told is told to everybody
    assert pacman.available(["demo", "demo-dev", "no-such-package"]) == {"demo", "demo-dev"}
    simulation = pacman.simulate(["demo-dev"])
    assert simulation is not None
    assert sorted(simulation.installs) == ["demo", "demo-libs"]
    assert simulation.download_bytes
    assert pacman.installed(["demo-dev"]) == frozenset()

    pacman = Pacman(arch.runner(), ROOT)
    pacman.install(["demo-dev"], tmp_path / "log")
    assert (tmp_path / "log").read_text().startswith("$ pacman -S --needed --noconfirm -- demo-dev\n")
    pacman.install(["demo-dev"], tmp_path / "log")  # once more: nothing to do is fine


def test_an_unknown_name_installs_nothing(arch: Machine, tmp_path: Path) -> None:
    arch.must("pacman", "-Sy")
    pacman = Pacman(arch.runner(), ROOT)
    with pytest.raises(PackageManagerError) as caught:
        pacman.install(["demo", "no-such-package"], tmp_path / "log")
    assert caught.value.message == (
        "pacman cannot install demo no-such-package:\nerror: target not found: no-such-package"
    )
    assert caught.value.hint == (
        "the package databases may be out of date: upgrade with pacman -Syu, then run the same command again"
    )
    assert pacman.installed(["demo"]) == frozenset()


def test_a_downgrade_is_refused(arch: Machine, tmp_path: Path) -> None:
    arch.must("pacman", "-Sy")
    arch.must("sh", "-c", "cd /srv/repo && repo-remove --quiet demo.db.tar.gz demo-libs")
    arch.must("sh", "-c", "cd /srv/repo && repo-add --quiet demo.db.tar.gz demo-libs-1-1-any.pkg.tar.gz")
    arch.must("pacman", "-U", "--noconfirm", "/srv/repo/demo-libs-2-1-any.pkg.tar.gz")
    arch.must("pacman", "-Syy")
    pacman = Pacman(arch.runner(), ROOT)
    with pytest.raises(PackageManagerError) as caught:
        pacman.install(["demo-libs"], tmp_path / "log")
    assert caught.value.message == "refused, nothing was changed: pacman would downgrade demo-libs"


def test_a_conflict_removes_nothing(arch: Machine, tmp_path: Path) -> None:
    pacman = Pacman(arch.runner(), ROOT)
    pacman.install(["demo-libs"], tmp_path / "log")
    with pytest.raises(PackageManagerError) as caught:
        pacman.install(["demo-foe"], tmp_path / "log")
    assert caught.value.message.startswith("pacman failed (return code 1):\n")
    assert ":: demo-foe-1-1 and demo-libs-2-1 are in conflict" in caught.value.message
    assert pacman.installed(["demo-libs", "demo-foe"]) == {"demo-libs"}


@pytest.mark.parametrize(("name", "need"), [("demo-broken", "no-such-thing"), ("demo-old", "demo-libs=1")])
def test_what_cannot_be_installed_is_said_in_pacman_s_words(
    arch: Machine, tmp_path: Path, name: str, need: str
) -> None:
    arch.must("pacman", "-Sy")
    with pytest.raises(PackageManagerError) as caught:
        Pacman(arch.runner(), ROOT).install([name], tmp_path / "log")
    assert caught.value.message.startswith(f"pacman cannot install {name}:\n")
    assert f":: unable to satisfy dependency '{need}' required by {name}" in caught.value.message


def test_a_held_lock(arch: Machine, tmp_path: Path) -> None:
    arch.must("pacman", "-Sy")
    arch.write("/var/lib/pacman/db.lck", "")
    with pytest.raises(PackageManagerError) as caught:
        Pacman(arch.runner(), ROOT).install(["demo"], tmp_path / "log")
    assert caught.value.message == (
        "pacman is locked by another program:\nerror: failed to init transaction (unable to lock database)\n"
        "error: could not lock database: File exists"
    )
    assert caught.value.hint == "wait until it has finished, then run the same command again"


def test_a_mirror_out_of_reach(arch: Machine, tmp_path: Path) -> None:
    configure(arch, url="http://127.0.0.1:9/repo")
    with pytest.raises(NetworkError) as caught:
        Pacman(arch.runner(), ROOT).install(["demo"], tmp_path / "log")
    assert caught.value.message.startswith(
        "pacman could not reach a repository:\nerror: failed retrieving file 'demo.db'"
    )


def test_a_file_that_is_gone_from_the_mirror(arch: Machine, tmp_path: Path) -> None:
    arch.must("pacman", "-Sy")
    arch.must("rm", "/srv/repo/demo-libs-2-1-any.pkg.tar.gz")
    pacman = Pacman(arch.runner(), ROOT)
    with pytest.raises(PackageManagerError) as caught:
        pacman.install(["demo-libs"], tmp_path / "log")
    assert caught.value.hint == (
        "the package databases may be out of date: upgrade with pacman -Syu, then run the same command again"
    )
    assert pacman.installed(["demo-libs"]) == frozenset()


def test_a_package_without_signature_is_not_trusted(arch: Machine, tmp_path: Path) -> None:
    configure(arch, level="PackageRequired DatabaseNever")
    pacman = Pacman(arch.runner(), ROOT)
    with pytest.raises(PackageManagerError) as caught:
        pacman.install(["demo-libs"], tmp_path / "log")
    assert "error: failed retrieving file 'demo-libs-2-1-any.pkg.tar.gz.sig'" in caught.value.message
    assert caught.value.hint == "pacman does not trust a package: update its keys with pacman -S archlinux-keyring"
    assert pacman.installed(["demo-libs"]) == frozenset()


def test_exactly_what_was_installed_is_removed(arch: Machine, tmp_path: Path) -> None:
    pacman = Pacman(arch.runner(), ROOT)
    before = pacman.inventory()
    pacman.install(["demo-dev"], tmp_path / "log")
    remover = pacman.remover(tmp_path / "removed")
    assert remover is not None
    assert pacman.inventory() - before == {"demo", "demo-libs"}
    assert remover.real(["demo-dev", "no-such-package"]) == {"demo"}
    assert remover.explicit() & {"demo", "demo-libs"} == {"demo"}
    assert remover.sizes(["demo", "demo-libs"]) == {"demo": 0, "demo-libs": 0}
    assert remover.simulate(["demo"]) == {"demo"}
    assert remover.simulate(["demo-libs"]) == {"demo", "demo-libs"}
    with pytest.raises(PackageManagerError) as caught:
        remover.remove(["demo-libs"])
    assert caught.value.message == (
        "refused, nothing was changed: pacman would not remove exactly these packages: demo"
    )

    remover.remove(["demo", "demo-libs"])
    assert pacman.inventory() == before
