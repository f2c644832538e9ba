"""The package managers there are, in one table."""

from __future__ import annotations

from collections.abc import Callable

from accel_doctor.interfaces import PackageManager, Runner
from accel_doctor.system.apt import Apt
from accel_doctor.system.dnf import Dnf
from accel_doctor.system.pacman import Pacman
from accel_doctor.system.privilege import Privilege
from accel_doctor.system.zypper import Zypper

PACKAGE_MANAGERS: dict[str, Callable[[Runner, Privilege], PackageManager]] = {
    "apt": Apt,
    "dnf": Dnf,
    "pacman": Pacman,
    "zypper": Zypper,
}


def package_manager_for(name: str, runner: Runner, privilege: Privilege) -> PackageManager | None:
    """The package manager that a rule file names; None for one that is not driven."""
    drive = PACKAGE_MANAGERS.get(name)
    return drive(runner, privilege) if drive else None
