"""Find the system packages whose libraries wheels are linked with: of the store, of kept environments, and of the
environment here."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

from accel_doctor.cli.session import Session
from accel_doctor.errors import UsageError
from accel_doctor.model.wheels import Link
from accel_doctor.store.environments.environment_cache import EnvironmentCache
from accel_doctor.store.layout import ENVIRONMENTS, LEASES, WHEELS
from accel_doctor.store.locks import Leases
from accel_doctor.store.wheels.wheel_store import DamagedEntryError, LocalWheelStore
from accel_doctor.system.loader.installed_links import installed_links
from accel_doctor.system.loader.machine_loader import MachineLoader
from accel_doctor.system.packages.managers import file_owners
from accel_doctor.system.packages.system_tools import SystemTools


def needed_by_wheels(session: Session) -> dict[str, str]:
    """Return the packages, each with what is linked with its libraries."""
    interpreter = session.likely_interpreter()
    loader = MachineLoader(session.runner, interpreter, session.invocation.variables)
    users: dict[str, str] = {}
    found = {}
    for link, user in _links(session):
        path = loader.any_version(link.soname) if link.any_version else loader.find(link.soname)
        if path and path not in found:
            found[path] = f"{user} is linked with its {link.soname}"
        if link.package:
            users.setdefault(link.package, f"{user} is linked with its {link.soname}")
    owners = file_owners(list(found), session.package_manager.name, SystemTools(session.runner))
    return users | {owner: found[path] for path, owner in owners.items()}


def _links(session: Session) -> Iterator[tuple[Link, str]]:
    """Yield each library that something is linked with, and what that is."""
    note = session.reporter.note
    store = LocalWheelStore(session.cache / WHEELS, Leases(session.cache / LEASES), note)
    for name in sorted(store.names()):
        with suppress(DamagedEntryError, OSError):
            entry = store.entry(name)
            user = f"{entry.provenance.name} {entry.provenance.version} in the wheel store"
            yield from ((link, user) for link in entry.links)
    environments = EnvironmentCache(session.cache / ENVIRONMENTS, note)
    for key in environments.stored_keys():
        with suppress(ValueError, OSError):
            yield from ((link, "a kept environment") for link in environments.read(key).links)
    with suppress(UsageError):  # no environment is active here
        interpreter = session.interpreter
        for one in installed_links(interpreter.site_directories):
            user = f"{one.metadata.removesuffix('.dist-info')} in {interpreter.prefix}"
            yield from ((link, user) for link in one.links)
