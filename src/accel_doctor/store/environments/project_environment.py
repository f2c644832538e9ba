"""What ``env`` does with a project's environment on one machine: store, restore and sync it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

from accel_doctor.errors import ToolError
from accel_doctor.interfaces import Progress
from accel_doctor.model import Link
from accel_doctor.model.stored_environments import BaseInterpreter, Place, StoredEnvironment
from accel_doctor.store.environments.environment_cache import EnvironmentCache, Limits
from accel_doctor.store.environments.environment_key import environment_key, likeness
from accel_doctor.store.environments.environment_sharing import bring, send
from accel_doctor.store.environments.gathering import ChangingError, scan
from accel_doctor.store.environments.projects import Project
from accel_doctor.store.environments.relocation import for_place, may_name_the_root, without_place
from accel_doctor.store.environments.restoring import DamagedEnvironmentError, RemovedEnvironmentError, restore
from accel_doctor.store.environments.storing import store
from accel_doctor.store.environments.swap import place_beside, put_in_place
from accel_doctor.store.levels.level_settings import LevelSettings
from accel_doctor.store.levels.shared_level import SharedLevel
from accel_doctor.units import counted


class Libraries(Protocol):
    """The shared libraries of this machine, as an environment's extension modules find them."""

    def links(self, root: Path) -> Sequence[Link]:
        """Return what the environment at ``root`` needs of them, and gets."""
        ...

    def unmet(self, stored: StoredEnvironment) -> Sequence[str]:
        """Return, in words, what a stored environment needs of them and does not get."""
        ...


class Installer(Protocol):
    """Makes environments anew."""

    def make(self, place: Path) -> None:
        """Make an empty environment in an empty directory. Raise ToolError."""
        ...

    def install(self, place: Path) -> int:
        """Install the project's requirements into an environment; return the exit code."""
        ...


@dataclass(frozen=True)
class ProjectEnvironment:
    """The environment of a project, for one interpreter."""

    project: Project
    interpreter: BaseInterpreter
    variables: Mapping[str, str]
    cache: EnvironmentCache
    libraries: Libraries
    levels: LevelSettings
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

    def store(self, root: Path | None = None) -> None:
        """Store the environment (or that at ``root``, made for it), send it to the levels, evict beyond the limits.

        Raise UsageError where there is none, ChangingError, OSError: nothing is stored then.
        """
        root = root or self.project.target
        stored = store(self.cache, self.key, self.facts, root, self.libraries.links, self.terminal.show)
        if levels := self._opened_levels:
            send(self.cache, stored, levels, self.terminal)
        evicted = self.cache.limit(Limits(self.project.settings.cache_size, self.project.settings.max_bytes))
        if evicted:
            self.terminal.note(f"evicted {counted(len(evicted), 'least recently used environment')}")
        self.terminal.note(f"stored {self.project.target} under {self.key[:12]}")

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

    def sync(self, installer: Installer) -> int:
        """Restore the environment, else have it installed beside the old one, and store it; return the exit code.

        Raise ToolError, and what :meth:`restore` raises.
        """
        target = self.project.target
        if self.restore():
            self.terminal.note(f"restored {target}")
            return 0
        with place_beside(target) as beside:
            installer.make(beside)
            code = installer.install(beside)
            if code:
                return code
            try:
                self.store(beside)
            except (OSError, ChangingError) as error:
                self.terminal.note(f"the environment is not stored: {error}")
                _rewrite(beside, self.place)
                put_in_place(beside, target)
                return 0
        if self.restore() is None:
            raise ToolError(f"cannot restore the environment just stored for {target}", hint="run it again")
        self.terminal.note(f"installed {target}")
        return 0

    @cached_property
    def _opened_levels(self) -> Sequence[SharedLevel]:
        if self.levels.require_signature:
            self.terminal.note("not asking shared levels: environments are not signed, and signatures are required")
            return ()
        return self.levels.opened(self.variables, self.project.directory, self.terminal)[0]

    def _found(self) -> StoredEnvironment | None:
        stored = self.cache.find(self.key)
        if stored is None and (levels := self._opened_levels):
            return bring(self.cache, self.key, levels, self.terminal)
        return stored

    def _works(self, stored: StoredEnvironment) -> bool:
        unmet = self.libraries.unmet(stored) if stored.links else ()
        for link in unmet:
            self.terminal.note(f"the stored environment does not work here: {link}")
        return not unmet

    def _restored(self, stored: StoredEnvironment) -> bool:
        try:
            restore(self.cache, stored, self.place, self.project.target, self.terminal.show)
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


def _rewrite(root: Path, place: Place) -> None:
    """Make files that name ``root`` name ``place``, for an environment that no cache could take."""
    for path in scan(root).files:
        if not may_name_the_root(path):
            continue
        file = root / path
        normal = without_place(path, file.read_bytes(), str(root))
        if normal is not None:
            mode = file.stat().st_mode
            file.write_bytes(for_place(path, normal, place))
            file.chmod(mode)
