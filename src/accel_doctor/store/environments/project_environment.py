"""A project's environment on one machine: its key, and how to restore it."""

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
    """The shared libraries of this machine, as resolved for an environment's extension modules."""

    def links(self, root: Path) -> Sequence[Link]:
        """Return the libraries that the environment at ``root`` needs, and how they resolve here."""
        ...

    def unmet(self, stored: StoredEnvironment) -> Sequence[str]:
        """Describe the libraries that a stored environment needs and this machine lacks."""
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
        """Return the facts that the key is computed from."""
        return self.project.facts(self.interpreter.machine, self.variables)

    @cached_property
    def key(self) -> str:
        """Return the key of the environment that the project needs here."""
        return environment_key(self.facts)

    @property
    def place(self) -> Place:
        """Return the place of the environment: its path and its interpreter."""
        executable = self.interpreter.executable
        return Place(str(self.project.target), str(Path(executable).parent), executable, self.interpreter.version)

    def restore(self, *, near: bool = False) -> StoredEnvironment | None:
        """Restore the stored environment, or with ``near`` the closest match; return it.

        Return None, after reporting why, if none works here. Raise UsageError, SwapError, OSError:
        the previous environment is still in place then.
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
        """Return the levels, without any request yet; none if signatures are required, which environments do not have.

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
            from accel_doctor.store.environments.environment_sharing import bring  # loads threads and sockets

            return bring(self.cache, self.key, levels, self.terminal)
        return stored

    def _works(self, stored: StoredEnvironment) -> bool:
        unmet = self.libraries.unmet(stored) if stored.links else ()
        for link in unmet:
            self.terminal.note(f"the stored environment does not work here: {link}")
        return not unmet

    def _restored(self, stored: StoredEnvironment) -> bool:
        try:
            linked = self.variables.get("UV_LINK_MODE") != "copy"
            restore(self.cache, stored, self.place, self.project.target, self.terminal, linked=linked)
        except RemovedEnvironmentError as error:
            self.terminal.note(error.message)
            return False
        except DamagedEnvironmentError as error:
            self.cache.forget(stored.key)
            self.terminal.note(f"ignoring a damaged stored environment: {error.message}")
            return False
        return True

    def _nearest(self) -> StoredEnvironment | None:
        """Return the environment for this interpreter that has most of the packages in the lock files."""
        wanted = self.project.named_in_locks()
        best, most = None, (0, 0)
        for key in self.cache.stored_keys():
            stored = self.cache.find(key)
            if stored and key != self.key and (likely := likeness(self.facts, stored.facts)):
                shared = sum(f"{pack.name}=={pack.version}" in wanted or pack.name in wanted for pack in stored.packs)
                if (likely, shared) > most:
                    best, most = stored, (likely, shared)
        return best
