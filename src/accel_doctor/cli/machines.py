"""Which machine a command speaks of: this one, or another by the name of its distribution."""

from __future__ import annotations

import os
import re
import sys
from typing import TYPE_CHECKING

from accel_doctor.errors import UsageError

if TYPE_CHECKING:
    from accel_doctor.interfaces import PackageManager
    from accel_doctor.model import Distribution, Interpreter
    from accel_doctor.rulebook import Rulebook

_VERSION = re.compile(r"3\.\d{1,2}")
OWN_VERSION = f"{sys.version_info.major}.{sys.version_info.minor}"


def checked_version(python: str | None) -> str | None:
    """The value of ``--python X.Y``; UsageError for what is no version."""
    if python and not _VERSION.fullmatch(python):
        raise UsageError(f"--python {python}: not a version of Python", hint="write two numbers, such as 3.13")
    return python


def chosen_distribution(distro: str | None, rulebook: Rulebook) -> Distribution:
    """The distribution that ``--distro`` names, this machine's without it; UsageError where no rules serve it."""
    from accel_doctor.system.distribution import read_distribution
    from accel_doctor.system.elsewhere import named_distribution

    if distro is None:
        return read_distribution()
    named = named_distribution(distro)
    if rulebook.family(named) is None:
        raise UsageError(
            f"--distro {distro}: no rule file serves this distribution",
            hint=f"there are rules for: {', '.join(rulebook.families())}",
        )
    return named


def interpreter_assumed(distribution: Distribution, rulebook: Rulebook, version: str | None) -> Interpreter:
    """An interpreter that cannot be asked: of that version, else as the distribution's python3, else as our own."""
    from accel_doctor.system.elsewhere import assumed_interpreter

    return assumed_interpreter(distribution, version or rulebook.python(distribution), OWN_VERSION)


def package_manager_of(rulebook: Rulebook, distribution: Distribution, elsewhere: bool) -> PackageManager:
    """The package manager of a distribution: one that can be asked, where it is this machine's and is driven."""
    from accel_doctor.system.absent import AbsentPackageManager
    from accel_doctor.system.elsewhere import PackageManagerElsewhere
    from accel_doctor.system.package_managers import PACKAGE_MANAGERS, package_manager_for
    from accel_doctor.system.privilege import find_privilege
    from accel_doctor.system.processes import ProcessRunner

    manager = rulebook.manager(distribution)
    if manager is None:
        return AbsentPackageManager(distribution)
    if elsewhere or manager.value not in PACKAGE_MANAGERS:
        return PackageManagerElsewhere(manager.value)
    environment = dict(os.environ)
    privilege = find_privilege(euid=os.geteuid(), path=environment.get("PATH", ""), terminal=sys.stdin.isatty())
    return package_manager_for(manager.value, ProcessRunner(environment), privilege)
