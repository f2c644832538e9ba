"""A real sdist cured by the real dnf, zypper and pacman, from local repositories that hold real development files.

The machines are Debian's with another os-release: their compiler, headers, library links and ``.pc`` files are taken
out, and can be had only from packages that ``rpmbuild`` or ``makepkg`` made of them, under the names that those
distributions use.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import pytest
from integration.machine import Base, Machine
from integration.repositories import MAKE_PACMAN_REPOSITORY, MAKE_RPM_REPOSITORY
from integration.test_install import DOCTOR, install, with_doctor

REQUIREMENT = "systemd-python==235"
# What Debian's packages put where; globs.
COMPILER = "/usr/bin/gcc* /usr/bin/x86_64-linux-gnu-gcc* /usr/bin/cc"
PKG_CONFIG = "/usr/bin/pkg-config /usr/bin/pkgconf /usr/bin/x86_64-linux-gnu-pkg*"
SYSTEMD = (
    "/usr/include/systemd /usr/lib/x86_64-linux-gnu/libsystemd.so /usr/lib/x86_64-linux-gnu/pkgconfig/libsystemd.pc"
)
PYTHON = "/usr/include/python3.13 /usr/include/x86_64-linux-gnu/python3.13"
TOOLCHAIN = ("gcc", "libc6-dev", "pkgconf", "libsystemd-dev", "libpython3.13-dev")

SPEC = """\
Name: {name}
Version: 1
Release: 1
Summary: of Debian's files
License: MIT
AutoReqProv: no
{provides}%global debug_package %{{nil}}
%define __os_install_post %{{nil}}
%description
of Debian's files
%install
mkdir -p %{{buildroot}} && tar --create --files-from /srv/{name}.files | tar --extract --directory %{{buildroot}}
%files -f /srv/{name}.files
"""
PKGBUILD = """\
pkgname={name}
pkgver=1
pkgrel=1
arch=(any)
options=(!strip !debug !zipman !purge)
package() {{ tar --create --files-from /srv/{name}.files | tar --extract --directory "$pkgdir"; }}
"""


@dataclass(frozen=True)
class Elsewhere:
    """A distribution: its os-release, its package manager's setting, and what its packages hold, by name."""

    os_release: str
    packages: Mapping[str, str]
    tools: tuple[str, ...]
    configuration: tuple[str, str]

    def base(self) -> Base:
        rpm = "rpm" in self.tools
        recipe = SPEC if rpm else PKGBUILD
        files = [("/usr/lib/os-release", self.os_release), self.configuration]
        setup: list[tuple[str, ...]] = []
        for name, globs in self.packages.items():
            provides = "Provides: python3-devel\n" if name == "python3.13-devel" else ""
            place = f"/srv/specs/{name}.spec" if rpm else f"/srv/pkgbuilds/{name}/PKGBUILD"
            files.append((place, recipe.format(name=name, provides=provides)))
            setup.append(("sh", "-c", f"find {globs} ! -type d > /srv/{shlex.quote(name)}.files"))
        return Base(
            "trixie",
            (*TOOLCHAIN, *self.tools),
            tuple(files),
            (*setup, *(MAKE_RPM_REPOSITORY if rpm else MAKE_PACMAN_REPOSITORY), TAKEN_OUT),
        )


# Found by every package manager that reads os-release, and by nothing that compiles.
TAKEN_OUT = ("sh", "-c", "cat /srv/*.files | tr '\\n' '\\0' | xargs -0 rm -f")
REPOSITORY = "[demo]\nname=demo\nbaseurl={url}\ngpgcheck=0\nenabled=1\n"

ELSEWHERE = {
    "dnf": Elsewhere(
        'ID=fedora\nVERSION_ID=42\nPRETTY_NAME="Fedora Linux 42"\n',
        {"gcc": COMPILER, "pkgconf-pkg-config": PKG_CONFIG, "systemd-devel": SYSTEMD, "python3.13-devel": PYTHON},
        ("dnf", "rpm", "createrepo-c"),
        ("/etc/yum.repos.d/demo.repo", REPOSITORY.format(url="file:///srv/repo")),
    ),
    "zypper": Elsewhere(
        'ID="opensuse-tumbleweed"\nID_LIKE="opensuse suse"\nVERSION_ID="20261120"\nPRETTY_NAME="openSUSE Tumbleweed"\n',
        {"gcc": COMPILER, "pkgconf-pkg-config": PKG_CONFIG, "systemd-devel": SYSTEMD, "python313-devel": PYTHON},
        ("zypper", "rpm", "createrepo-c"),
        ("/etc/zypp/repos.d/demo.repo", REPOSITORY.format(url="dir:///srv/repo")),
    ),
    "pacman": Elsewhere(
        'ID=arch\nBUILD_ID=rolling\nPRETTY_NAME="Arch Linux"\n',
        {"gcc": COMPILER, "pkgconf": PKG_CONFIG, "systemd-libs": SYSTEMD, "python": PYTHON},
        ("pacman-package-manager", "makepkg", "binutils", "fakeroot", "libarchive-tools", "zstd"),
        (
            "/etc/pacman.conf",
            "[options]\nArchitecture = auto\nSigLevel = Never\n[demo]\nServer = file:///srv/repo\n",
        ),
    ),
}


@pytest.fixture(scope="module", params=sorted(ELSEWHERE))
def elsewhere(request, wheel) -> Iterator[tuple[str, Machine]]:
    for machine in with_doctor(ELSEWHERE[request.param].base(), wheel):
        machine.must("python3", "-m", "venv", "/root/demo")
        yield request.param, machine


def test_a_real_sdist_is_cured(elsewhere: tuple[str, Machine]) -> None:
    manager, machine = elsewhere
    assert machine.run("which", "gcc").returncode == 1
    done = install(machine, "--yes", "--python", "demo", REQUIREMENT)
    assert done.returncode == 0, done.stderr
    machine.must("/root/demo/bin/python", "-c", "from systemd import journal")
    assert set(ELSEWHERE[manager].packages) <= set(_installed(machine, manager).split())
    history = machine.must(DOCTOR, "history")
    assert f"$ {'env ZYPP_LOCK_TIMEOUT=60 ' * (manager == 'zypper')}{manager} " in history


def _installed(machine: Machine, manager: str) -> str:
    if manager == "pacman":
        return machine.must("pacman", "-Qq")
    return machine.must("rpm", "-qa", "--queryformat", "%{NAME}\n")
