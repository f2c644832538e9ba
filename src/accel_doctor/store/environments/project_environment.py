"""A project's environment on one machine: which one it is, and how it is restored."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from accel_doctor.model.stored_environments import BaseInterpreter, Place, StoredEnvironment
from accel_doctor.store.environments.environment_cache import EnvironmentCache, environment_key, likeness
from accel_doctor.store.environments.projects import Project
from accel_doctor.store.environments.restoring import DamagedEnvironmentError, RemovedEnvironmentError, restore

if TYPE_CHECKING:
    from accel_doctor.interfaces import Progress
    from accel_doctor.model.wheels import Link
    from accel_doctor.store.levels.opening import LevelSettings
    from accel_doctor.store.levels.shared_level import SharedLevel


class Libraries(Protocol):
    """The shared libraries of this machine, as an environment's extension modules find them."""

    def links(self, root: Path) -> Sequence[Link]:
        """Return what the environment at ``root`` needs of them, and gets."""
        ...

    def unmet(self, stored: StoredEnvironment) -> Sequence[str]:
        """Return, in words, what a stored environment needs of them and does not get."""
        ...


@dataclass(frozen=True)
class ProjectEnvironment:
    """The environment of a project, for one interpreter."""

    project: Project
    interpreter: BaseInterpreter
    variables: Mapping[str, str]
    cache: EnvironmentCache
    libraries: Libraries
    levels: LevelSettings | None
    terminal: Progress

    @cached_property
    def facts(self) -> dict[str, Any]:
        """Return what the key is made of."""
        return self.project.facts(self.interpreter.machine, self.variables)

    @cached_property
    def key(self) -> str:
        """Return which environment the project needs here."""
        return environment_key(self.facts)

    @property
    def place(self) -> Place:
        """Return where it goes, for which interpreter."""
        executable = self.interpreter.executable
        return Place(str(self.project.target), str(Path(executable).parent), executable, self.interpreter.version)

    def restore(self, *, near: bool = False) -> StoredEnvironment | None:
        """Put the stored environment in place, else with ``near`` the closest match; return it.

        Return None, after telling why, where there is none that works here. Raise UsageError, SwapError, OSError:
        what was in place is still there then.
        """
        stored = self._found()
        if stored is None:
            locks = ", ".join(self.project.lock_paths)
            self.terminal.note(f"no stored environment for {locks} and this interpreter ({self.key[:12]})")
        elif self._works(stored) and self._restored(stored):
            return stored
        nearest = self._nearest() if near else None
        return nearest if nearest and self._works(nearest) and self._restored(nearest) else None

    @cached_property
    def opened_levels(self) -> Sequence[SharedLevel]:
        """Return the levels, before any request; none where signatures are required, which environments do not have.

        Raise UsageError.
        """
        if not self.levels:
            return ()
        if self.levels.require_signature:
            self.terminal.note("not asking shared levels: environments are not signed, and signatures are required")
            return ()
        return self.levels.opened(self.variables, self.project.directory, self.terminal)[0]

    def _found(self) -> StoredEnvironment | None:
        stored = self.cache.find(self.key)
        if stored is None and (levels := self.opened_levels):
            from accel_doctor.store.environments.environment_sharing import bring  # with threads and sockets

            return bring(self.cache, self.key, levels, self.terminal)
        return stored

    def _works(self, stored: StoredEnvironment) -> bool:
        unmet = self.libraries.unmet(stored) if stored.links else ()
        for link in unmet:
            self.terminal.note(f"the stored environment does not work here: {link}")
        return not unmet

    def _restored(self, stored: StoredEnvironment) -> bool:
        try:
            restore(self.cache, stored, self.place, self.project.target, self.terminal)
        except RemovedEnvironmentError as error:
            self.terminal.note(error.message)
            return False
        except DamagedEnvironmentError as error:
            self.cache.forget(stored.key)
            self.terminal.note(f"ignoring a damaged stored environment: {error.message}")
            return False
        return True

    def _nearest(self) -> StoredEnvironment | None:
        """Return, of those for this interpreter, the one with the most of what the lock files name."""
        wanted = self.project.named_in_locks()
        best, most = None, (0, 0)
        for key in self.cache.stored_keys():
            stored = self.cache.find(key)
            if stored and key != self.key and (likely := likeness(self.facts, stored.facts)):
                shared = sum(f"{pack.name}=={pack.version}" in wanted or pack.name in wanted for pack in stored.packs)
                if (likely, shared) > most:
                    best, most = stored, (likely, shared)
        return best
