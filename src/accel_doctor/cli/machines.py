"""Which machine a command speaks of: this one, or another by the name of its distribution."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from accel_doctor.errors import UsageError

if TYPE_CHECKING:
    from accel_doctor.interfaces import PackageManager, Runner
    from accel_doctor.model import Distribution, Interpreter
    from accel_doctor.rulebook import Rulebook
    from accel_doctor.rulebook.authoring.cases import BuildMachine
    from accel_doctor.rulebook.authoring.workplace import Workplace
    from accel_doctor.system.packages.privilege import Privilege

VERSION = re.compile(r"3\.\d{1,2}")
OWN_VERSION = f"{sys.version_info.major}.{sys.version_info.minor}"


def checked_version(python: str | None) -> str | None:
    """Return the value of ``--python X.Y``. Raises UsageError for anything that is not a version."""
    if python and not VERSION.fullmatch(python):
        raise UsageError(f"--python {python}: not a version of Python", hint="give two numbers, such as 3.13")
    return python


def chosen_distribution(distro: str | None, rulebook: Rulebook) -> Distribution:
    """The distribution that ``--distro`` names, this machine's without it; UsageError where no rules serve it."""
    from accel_doctor.system.distribution import named_distribution, read_distribution

    if distro is None:
        return read_distribution()
    named = named_distribution(distro)
    if rulebook.family(named) is None:
        raise UsageError(
            f"--distro {distro}: no rule file serves this distribution",
            hint=f"there are rules for: {', '.join(rulebook.families())}",
        )
    return named


def recorded_machine(distro: str, python: str, rulebook: Rulebook) -> BuildMachine:
    """Return the machine of a recorded case, of which a distribution and a version of Python are known."""
    from accel_doctor.rulebook.authoring.cases import BuildMachine
    from accel_doctor.system.distribution import named_distribution

    distribution = named_distribution(distro)
    interpreter = interpreter_assumed(distribution, rulebook, python)
    return BuildMachine(distribution, interpreter, unasked_package_manager(rulebook, distribution))


def workplace(chosen: Sequence[str]) -> Workplace:
    """Return the directories of rules that the ``rules`` commands read and write here."""
    from accel_doctor.cli.configuration import user_directory
    from accel_doctor.rulebook.authoring.workplace import find_workplace
    from accel_doctor.system.packages.managers import MANAGERS

    directories = [Path(directory).expanduser().absolute() for directory in chosen]
    return find_workplace(directories, user_directory(os.environ) / "rules", Path.cwd(), MANAGERS)


def interpreter_assumed(distribution: Distribution, rulebook: Rulebook, version: str | None) -> Interpreter:
    """An interpreter that cannot be asked: of that version, else as the distribution's python3, else as our own."""
    from accel_doctor.system.python.assumed import assumed_interpreter

    return assumed_interpreter(distribution, version or rulebook.python(distribution), OWN_VERSION)


def package_manager_of(rulebook: Rulebook, distribution: Distribution, elsewhere: bool) -> PackageManager:
    """The package manager of a distribution: one that can be asked, where it is this machine's and is driven."""
    if rulebook.manager(distribution) is None or elsewhere:
        return unasked_package_manager(rulebook, distribution)
    from accel_doctor.system.packages.privilege import find_privilege
    from accel_doctor.system.process.runner import ProcessRunner

    environment = dict(os.environ)
    privilege = find_privilege(euid=os.geteuid(), path=environment.get("PATH", ""), terminal=sys.stdin.isatty())
    return driven_package_manager(rulebook, distribution, ProcessRunner(environment), privilege)


def driven_package_manager(
    rulebook: Rulebook, distribution: Distribution, runner: Runner, privilege: Privilege
) -> PackageManager:
    """Return this machine's package manager; where no rule names one, one that does nothing."""
    from accel_doctor.system.packages.managers import driver_for

    manager = rulebook.manager(distribution)
    return driver_for(manager.name, runner, privilege) if manager else unasked_package_manager(rulebook, distribution)


def obstacle(package_manager: PackageManager) -> str | None:
    """Return what, other than a missing way to root, keeps packages from being installed with it; None if nothing."""
    from accel_doctor.system.packages.managers import MANAGERS

    facts = MANAGERS.get(package_manager.name)
    if facts is None:
        return "no rule file names this machine's package manager"
    return None if package_manager.privileged else facts.refuses_root


def unasked_package_manager(rulebook: Rulebook, distribution: Distribution) -> PackageManager:
    """Return a package manager that tells commands and does nothing: that of another machine, or none."""
    from accel_doctor.system.packages.elsewhere import AbsentPackageManager, PackageManagerElsewhere

    manager = rulebook.manager(distribution)
    if manager is None:
        return AbsentPackageManager(distribution)
    return PackageManagerElsewhere(
        manager.name, distribution, lambda package: rulebook.repository(package, distribution)
    )
