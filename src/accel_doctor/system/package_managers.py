"""The package managers there are, in one table."""

from __future__ import annotations

from collections.abc import Callable

from accel_doctor.errors import UsageError
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


def package_manager_for(name: str, runner: Runner, privilege: Privilege) -> PackageManager:
    """The package manager that a rule file names; UsageError for one that is not driven yet."""
    try:
        return PACKAGE_MANAGERS[name](runner, privilege)
    except KeyError:
        raise UsageError(
            f"accel-doctor does not drive the package manager {name!r}",
            hint=f"it drives: {', '.join(sorted(PACKAGE_MANAGERS))}",
        ) from None
