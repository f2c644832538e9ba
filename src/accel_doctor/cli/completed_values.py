"""The values that shells complete: what rules know, and what is in the cache. Each function takes their beginning."""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from accel_doctor.cli import documentation, machines
from accel_doctor.cli.configuration import KEYS, cache_directory, rule_directories
from accel_doctor.cli.main import COMMANDS
from accel_doctor.cli.run_documents import runs
from accel_doctor.model.needs import NeedKind
from accel_doctor.rulebook import Rulebook
from accel_doctor.rulebook.authoring.showing import names
from accel_doctor.store.layout import LEASES, LOGS, WHEELS
from accel_doctor.store.locks import Leases
from accel_doctor.store.wheels.wheel_store import DamagedEntryError, LocalWheelStore
from accel_doctor.system.distribution import read_distribution


def _rules() -> Rulebook:
    return machines.load_rules(rule_directories((), os.environ))


def _cache() -> Path:
    return cache_directory(os.environ.get("ACCEL_DOCTOR_CACHE_DIR"), os.environ)


def _beginning(incomplete: str, values: Iterable[str]) -> list[str]:
    return sorted({value for value in values if value.startswith(incomplete)})


def linux_distributions(incomplete: str) -> list[str]:
    """Return ``ID``, or ``ID:VERSION`` once the ID is there, of distributions that have rules."""
    book = _rules()
    own = [family for name in book.families() for family in book.chain(name).own]
    identifiers = {identifier for family in own for identifier in (family.name, *family.ids)}
    releases = {f"{family.name}:{release}" for family in own for release in family.pythons if release != "*"}
    likely = _beginning(incomplete, identifiers)
    return likely if len(likely) > 1 else _beginning(incomplete, identifiers | releases)


def needs(incomplete: str) -> list[str]:
    """Return the kinds of needs; once there is only one left, those of its names that rules know on this machine."""
    kinds = [f"{kind.value}:" for kind in NeedKind if kind.curable_by_packages]
    likely = _beginning(incomplete, kinds)
    if len(likely) > 1:
        return likely
    if not likely and not incomplete.startswith(tuple(kinds)):
        return []
    rules = _rules().package_rules(read_distribution())
    return _beginning(incomplete, (f"{kind.value}:{name}" for kind, name in rules if "*" not in name))


def rules(incomplete: str) -> list[str]:
    """Return what ``rules show`` can show."""
    return needs(incomplete) + _beginning(incomplete, names(_rules()))


def python_packages(incomplete: str) -> list[str]:
    """Return the Python packages that rules know; nothing for what may become a path."""
    known = (package.name for package in _rules().python_packages) if incomplete and "/" not in incomplete else ()
    return _beginning(incomplete, known)


def kept_wheels(incomplete: str) -> list[str]:
    """Return the names of the distributions whose wheels are in the cache."""
    directory = _cache()
    leases = Leases(directory / LEASES)
    store = LocalWheelStore(directory / WHEELS, leases, lambda text: None)
    found = set()
    for name in store.names():
        with suppress(DamagedEntryError, OSError):
            found.add(store.entry(name).provenance.name)
    return _beginning(incomplete, found)


def recorded_runs(incomplete: str) -> list[str]:
    """Return the names of the runs that can be reported."""
    return _beginning(incomplete, (run.name for run in runs(_cache() / LOGS)))


def commands(incomplete: str) -> list[str]:
    """Return the names of our own commands."""
    return _beginning(incomplete, (name for group in COMMANDS.values() for name in group))


def topics(incomplete: str) -> list[str]:
    """Return the topics of the documentation."""
    return _beginning(incomplete, documentation.topics())


def configuration_keys(incomplete: str) -> list[str]:
    """Return the keys of the configuration."""
    return _beginning(incomplete, KEYS)
