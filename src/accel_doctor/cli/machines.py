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
    from accel_doctor.system.packages.elsewhere import named_distribution

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
    from accel_doctor.system.packages.elsewhere import named_distribution

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
    from accel_doctor.system.packages.elsewhere import assumed_interpreter

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
    """This machine's package manager; where it is not driven, one that installs nothing but tells the commands."""
    from accel_doctor.system.packages.managers import package_manager_for

    manager = rulebook.manager(distribution)
    driven = package_manager_for(manager.name, runner, privilege) if manager else None
    return driven or unasked_package_manager(rulebook, distribution)


def obstacle(package_manager: PackageManager) -> str | None:
    """What, other than that there is no way to root, keeps packages from being installed with it; None if nothing."""
    from accel_doctor.system.packages.managers import PACKAGE_MANAGERS

    if package_manager.name not in PACKAGE_MANAGERS:
        return f"accel-doctor does not drive {package_manager.name}"
    if package_manager.name == "brew" and not package_manager.privileged:
        return "Homebrew refuses to be run by root"
    return None


def unasked_package_manager(rulebook: Rulebook, distribution: Distribution) -> PackageManager:
    """The package manager of another machine, or one that is not driven: it tells commands and does nothing."""
    from accel_doctor.system.packages.absent import AbsentPackageManager
    from accel_doctor.system.packages.elsewhere import PackageManagerElsewhere

    manager = rulebook.manager(distribution)
    if manager is None:
        return AbsentPackageManager(distribution)
    return PackageManagerElsewhere(
        manager.name, distribution, lambda package: rulebook.repository(package, distribution)
    )
