"""The table of package managers, and lookups of files and packages in their databases."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from accel_doctor.interfaces import Runner
from accel_doctor.system.packages.apk import Apk
from accel_doctor.system.packages.apt import Apt
from accel_doctor.system.packages.brew import Brew
from accel_doctor.system.packages.dnf import Dnf
from accel_doctor.system.packages.driver import Driver
from accel_doctor.system.packages.facts import ManagerFacts, printed
from accel_doctor.system.packages.microdnf import Microdnf
from accel_doctor.system.packages.pacman import Pacman
from accel_doctor.system.packages.privilege import Privilege
from accel_doctor.system.packages.zypper import Zypper
from accel_doctor.system.process.children import NOT_FOUND

_TABLE: tuple[type[Driver], ...] = (Apk, Apt, Brew, Dnf, Microdnf, Pacman, Zypper)

DRIVERS: Mapping[str, type[Driver]] = {driver.facts.name: driver for driver in _TABLE}
MANAGERS: Mapping[str, ManagerFacts] = {name: driver.facts for name, driver in DRIVERS.items()}


def driver_for(name: str, runner: Runner, privilege: Privilege) -> Driver:
    """Return the driver of the package manager that a rule file names, or of its stand-in if only that is
    installed."""
    for other, facts in MANAGERS.items():
        if facts.stand_in_for == name and _installed(facts, runner) and not _installed(MANAGERS[name], runner):
            name = other
    return DRIVERS[name](runner, privilege)


def _installed(facts: ManagerFacts, runner: Runner) -> bool:
    return runner.capture([facts.program, "--version"]).returncode != NOT_FOUND


def file_owners(files: Sequence[Path], manager: str, runner: Runner) -> Mapping[Path, str]:
    """Return the packages that own ``files``, or the real files behind links; omit files without one.

    ``manager`` is its name in rules; the result is empty for one that cannot be queried.
    """
    facts = MANAGERS.get(manager)
    real = {file: file.resolve() for file in files}
    plain = sorted({path for path in real.values() if not re.search(r"[*?\[\]\\\n]", str(path))})
    if facts is None or facts.owner_query is None or not plain:
        return {}
    owners = facts.owner_query.owners(plain, runner)
    return {file: owner for file, path in real.items() if (owner := owners.get(path))}


def installed_versions(names: Sequence[str], manager: str, runner: Runner) -> tuple[str, ...]:
    """Return these packages with versions, ``libpq-dev 17.6-0+deb13u1``, sorted; only the name if it is unknown."""
    facts = MANAGERS.get(manager)
    if facts is None or not facts.version_query or not names:
        return tuple(sorted(names))
    rows = [line.split() for line in printed(runner, [*facts.version_query, *names]).splitlines()]
    told = dict(row for row in rows if len(row) == 2)
    return tuple(sorted(f"{name} {told[name]}" if name in told else name for name in names))
