"""Storing and restoring, with everything that belongs to either."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from accel_doctor.cli.env_project import Project, note
from accel_doctor.cli.terminal.progress import Bar
from accel_doctor.store.environments.restoring import DamagedEnvironmentError, RemovedEnvironmentError, restore

if TYPE_CHECKING:
    from accel_doctor.model.stored_environments import StoredEnvironment


def keep(project: Project, root: Path | None = None) -> StoredEnvironment:
    """Store the project's environment (or that at ``root``, made for it), send it to the levels, keep to the limits."""
    from accel_doctor.store.environments.storing import store
    from accel_doctor.system.loader.environment_libraries import environment_links, loader_of

    executable = project.interpreter["executable"]
    loader = loader_of(executable, project.environment, project.cache.root)
    with Bar() as bar:
        stored = store(
            project.cache,
            project.key,
            project.facts,
            root or project.target,
            lambda place: environment_links(place, loader),
            bar.show,
        )
        if project.levels:
            from accel_doctor.store.environments.environment_sharing import send

            send(project.cache, stored, project.levels, bar)
    removed = project.cache.limit(project.limits)
    if removed:
        note(f"removed {len(removed)} that {'was' if len(removed) == 1 else 'were'} used longest ago")
    note(f"stored {project.target} under {project.key[:12]}")
    return stored


def put(project: Project, *, near: bool = False) -> StoredEnvironment | None:
    """Restore the project's environment, else with ``near`` the nearest; None, and told, where there is none that
    works here."""
    stored = _found(project)
    if stored is None:
        note(f"no environment is stored for {', '.join(project.lock_paths)} and this interpreter ({project.key[:12]})")
    elif _works(project, stored) and _restored(project, stored):
        return stored
    nearest = _nearest(project) if near else None
    return nearest if nearest and _works(project, nearest) and _restored(project, nearest) else None


def _found(project: Project) -> StoredEnvironment | None:
    stored = project.cache.find(project.key)
    if stored is None and project.levels:
        from accel_doctor.store.environments.environment_sharing import bring

        with Bar() as bar:
            stored = bring(project.cache, project.key, project.levels, bar)
    return stored


def _works(project: Project, stored: StoredEnvironment) -> bool:
    if not stored.links:
        return True
    from accel_doctor.system.loader.environment_libraries import unmet_links

    executable = project.interpreter["executable"]
    unmet = unmet_links(stored.links, stored.key, project.cache.root, executable, project.environment)
    for link in unmet:
        note(f"the stored environment does not work here: {link}")
    return not unmet


def _restored(project: Project, stored: StoredEnvironment) -> bool:
    try:
        with Bar() as bar:
            restore(project.cache, stored, project.place, project.target, bar.show)
    except RemovedEnvironmentError as error:
        note(error.message)
        return False
    except DamagedEnvironmentError as error:
        project.cache.forget(stored.key)
        note(f"a stored environment is damaged and not used: {error.message}")
        return False
    return True


def _nearest(project: Project) -> StoredEnvironment | None:
    """Of those for this interpreter the one with the most of what the lock files name."""
    from accel_doctor.store.environments.environment_key import likeness

    wanted = _names(project)
    best, most = None, (0, 0)
    for key in project.cache.stored_keys():
        stored = project.cache.find(key)
        if stored and key != project.key and (likely := likeness(project.facts, stored.facts)):
            shared = sum(f"{pack.name}=={pack.version}" in wanted or pack.name in wanted for pack in stored.packs)
            if (likely, shared) > most:
                best, most = stored, (likely, shared)
    return best


def _names(project: Project) -> set[str]:
    """Normalized names in the lock files, as far as a glance tells."""
    import re

    names: set[str] = set()
    for path in project.lock_paths:
        text = (project.directory / path).read_text(errors="replace")
        found = re.findall(r'^(?:name\s*=\s*"|\s*")?([A-Za-z0-9][A-Za-z0-9._-]*)', text, re.MULTILINE)
        names |= {re.sub(r"[-_.]+", "-", name).lower() for name in found}
    return names
