"""Store a project's environment, and create it if it is not stored yet."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from accel_doctor.errors import ToolError
from accel_doctor.model.holdings import Limits
from accel_doctor.model.stored_environments import Place
from accel_doctor.store.environments.environment_sharing import send
from accel_doctor.store.environments.kept_environments import evict
from accel_doctor.store.environments.project_environment import ProjectEnvironment
from accel_doctor.store.environments.relocation import for_place, may_name_the_root, without_place
from accel_doctor.store.environments.storing import ChangingError, scan, store
from accel_doctor.store.environments.swap import place_beside, put_in_place
from accel_doctor.wording import count


class Installer(Protocol):
    """Creates environments from scratch."""

    def make(self, place: Path) -> None:
        """Create an empty environment in an empty directory. Raise ToolError."""
        ...

    def install(self, place: Path) -> int:
        """Install the project's requirements into an environment; return the exit code."""
        ...


def store_environment(environment: ProjectEnvironment, root: Path | None = None) -> None:
    """Store the environment (or that at ``root``, made for it), send it to the levels, evict beyond the limits.

    Raise UsageError if there is none, ChangingError, OSError: nothing is stored then.
    """
    project, cache, terminal = environment.project, environment.cache, environment.terminal
    root = root or project.target
    stored = store(cache, environment.key, environment.facts, root, terminal, environment.libraries.links)
    if levels := environment.opened_levels:
        send(cache, stored, levels, terminal)
    limits = Limits(size=project.settings.max_bytes, count=project.settings.cache_size)
    evicted = evict(cache, limits, stored.key)
    if evicted:
        terminal.note(f"evicted {count(len(evicted), 'least recently used environment')}")
    terminal.note(f"stored {project.target} under {environment.key[:12]}")


def sync_environment(environment: ProjectEnvironment, installer: Installer) -> int:
    """Restore the environment, or install it beside the old one and store it; return the exit code.

    Raise ToolError, and what :meth:`ProjectEnvironment.restore` raises.
    """
    target, terminal = environment.project.target, environment.terminal
    if environment.restore():
        terminal.note(f"restored {target}")
        return 0
    with place_beside(target) as beside:
        installer.make(beside)
        code = installer.install(beside)
        if code:
            return code
        try:
            store_environment(environment, beside)
        except (OSError, ChangingError) as error:
            terminal.note(f"the environment is not stored: {error}")
            _rewrite(beside, environment.place)
            put_in_place(beside, target)
            return 0
    if environment.restore() is None:
        raise ToolError(f"cannot restore the environment just stored for {target}", hint="run it again")
    terminal.note(f"installed {target}")
    return 0


def _rewrite(root: Path, place: Place) -> None:
    """Rewrite files that name ``root`` to name ``place``, for an environment that could not be cached."""
    for path in scan(root).files:
        if not may_name_the_root(path):
            continue
        file = root / path
        normal = without_place(path, file.read_bytes(), str(root))
        if normal is not None:
            mode = file.stat().st_mode
            file.write_bytes(for_place(path, normal, place))
            file.chmod(mode)
