"""The package managers there are, in one table."""

from __future__ import annotations

from collections.abc import Mapping

from accel_doctor.interfaces import Runner
from accel_doctor.system.packages.apk import Apk
from accel_doctor.system.packages.apt import Apt
from accel_doctor.system.packages.brew import Brew
from accel_doctor.system.packages.dnf import Dnf
from accel_doctor.system.packages.driver import Driver
from accel_doctor.system.packages.facts import ManagerFacts
from accel_doctor.system.packages.microdnf import Microdnf
from accel_doctor.system.packages.pacman import Pacman
from accel_doctor.system.packages.privilege import Privilege
from accel_doctor.system.packages.zypper import Zypper
from accel_doctor.system.process.children import NOT_FOUND

_TABLE: tuple[type[Driver], ...] = (Apk, Apt, Brew, Dnf, Microdnf, Pacman, Zypper)

DRIVERS: Mapping[str, type[Driver]] = {driver.facts.name: driver for driver in _TABLE}
MANAGERS: Mapping[str, ManagerFacts] = {name: driver.facts for name, driver in DRIVERS.items()}


def driver_for(name: str, runner: Runner, privilege: Privilege) -> Driver:
    """Return the driver of the package manager that a rule file names, or that of its stand-in where only that is
    installed."""
    for other, facts in MANAGERS.items():
        if facts.stand_in_for == name and _installed(facts, runner) and not _installed(MANAGERS[name], runner):
            name = other
    return DRIVERS[name](runner, privilege)


def _installed(facts: ManagerFacts, runner: Runner) -> bool:
    return runner.capture([facts.program, "--version"]).returncode != NOT_FOUND
