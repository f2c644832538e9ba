"""The package managers there are, in one table."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from accel_doctor.interfaces import PackageManager, Runner
from accel_doctor.system.packages.apk import APK, Apk
from accel_doctor.system.packages.apt import APT, Apt
from accel_doctor.system.packages.brew import BREW, Brew
from accel_doctor.system.packages.dnf import DNF, Dnf
from accel_doctor.system.packages.facts import ManagerFacts
from accel_doctor.system.packages.microdnf import MICRODNF, Microdnf
from accel_doctor.system.packages.pacman import PACMAN, Pacman
from accel_doctor.system.packages.privilege import Privilege
from accel_doctor.system.packages.zypper import ZYPPER, Zypper
from accel_doctor.system.process.pseudo_terminal import NOT_FOUND

PACKAGE_MANAGERS: dict[str, Callable[[Runner, Privilege], PackageManager]] = {
    "apk": Apk,
    "apt": Apt,
    "brew": Brew,
    "dnf": Dnf,
    "microdnf": Microdnf,
    "pacman": Pacman,
    "zypper": Zypper,
}
MANAGERS: Mapping[str, ManagerFacts] = {facts.name: facts for facts in (APK, APT, BREW, DNF, MICRODNF, PACMAN, ZYPPER)}
# In images without the one, the other may install the same packages.
_STAND_INS = {"dnf": "microdnf"}


def package_manager_for(name: str, runner: Runner, privilege: Privilege) -> PackageManager | None:
    """The package manager that a rule file names, or its stand-in where only that is installed; None for one that is
    not driven."""
    stand_in = _STAND_INS.get(name)
    if stand_in and _installed(stand_in, runner) and not _installed(name, runner):
        name = stand_in
    drive = PACKAGE_MANAGERS.get(name)
    return drive(runner, privilege) if drive else None


def _installed(program: str, runner: Runner) -> bool:
    return runner.capture([program, "--version"]).returncode != NOT_FOUND
