"""The machine that a command is about, this one or another: its rules, its package manager, its Python."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from accel_doctor.errors import UsageError
from accel_doctor.interfaces import PackageManager, Runner
from accel_doctor.model.machine import Distribution
from accel_doctor.model.plans import Plan
from accel_doctor.rulebook import Rulebook, load
from accel_doctor.system.distribution import named_distribution, read_distribution
from accel_doctor.system.packages.elsewhere import PackageManagerElsewhere
from accel_doctor.system.packages.managers import MANAGERS, driver_for
from accel_doctor.system.packages.privilege import Privilege


def load_rules(directories: Sequence[Path] = ()) -> Rulebook:
    """Return the shipped rules, overridden by those in these directories."""
    return load(directories, MANAGERS)


def chosen_distribution(distro: str | None, rulebook: Rulebook) -> Distribution:
    """Return the distribution that ``--distro`` names, else this machine's. Raises UsageError if no rules
    cover the named one."""
    if distro is None:
        return read_distribution()
    named = named_distribution(distro)
    if rulebook.family(named) is None:
        known = ", ".join(rulebook.families())
        raise UsageError(f"--distro {distro}: no rules for this distribution", hint=f"there are rules for: {known}")
    return named


def driven_package_manager(
    rulebook: Rulebook, distribution: Distribution, runner: Runner, privilege: Privilege
) -> PackageManager:
    """Return this machine's package manager; if no rule names one, one that does nothing."""
    manager = rulebook.manager(distribution)
    return driver_for(manager.name, runner, privilege) if manager else unasked_package_manager(rulebook, distribution)


def with_sure_commands(plan: Plan, package_manager: PackageManager) -> Plan:
    """Return the plan with the commands for what ``--yes`` covers: what is printed to be pasted installs no guess."""
    names = [package.name for package in plan.packages if package not in plan.guesses]
    return replace(plan, commands=package_manager.commands(sorted(names)) if names else ())


def obstacle(package_manager: PackageManager) -> str | None:
    """Return what, other than missing root access, prevents it from installing packages; None if nothing."""
    facts = MANAGERS.get(package_manager.name)
    if facts is None:
        return "no rule file names this machine's package manager"
    return None if package_manager.privileged else facts.refuses_root


def unasked_package_manager(rulebook: Rulebook, distribution: Distribution) -> PackageManager:
    """Return a package manager that only tells commands: that of another machine, or a placeholder for none."""
    manager = rulebook.manager(distribution)
    return PackageManagerElsewhere(manager.name if manager else None, distribution, rulebook)
