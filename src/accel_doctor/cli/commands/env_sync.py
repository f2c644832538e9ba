"""Create an environment for ``accel-doctor env sync`` as ``install`` does, relative to the project's directory."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

from click.core import ParameterSource

from accel_doctor.cli.commands.env import SyncOptions
from accel_doctor.cli.commands.install import InstallOptions, run_installation
from accel_doctor.cli.commands.install import command as install_command
from accel_doctor.cli.commands.sync import sync_lock
from accel_doctor.cli.configuration import read_configuration, user_directory
from accel_doctor.cli.options import PlaceOptions, value_of
from accel_doctor.cli.project_arguments import checked_arguments
from accel_doctor.cli.project_locks import LockChoices
from accel_doctor.cli.session import started
from accel_doctor.cli.targets import InstallTargetOptions
from accel_doctor.frontends.choice import find_uv
from accel_doctor.model.machine import Invocation
from accel_doctor.store.environments.project_environment import ProjectEnvironment
from accel_doctor.store.environments.project_storing import sync_environment
from accel_doctor.system.process.runner import ProcessRunner
from accel_doctor.system.python.making import make_environment


def synchronize(environment: ProjectEnvironment, options: SyncOptions) -> int:
    """Restore the environment, else install and store it; return the exit code."""
    return sync_environment(environment, ProjectInstaller(environment, options, started()))


@dataclass(frozen=True)
class ProjectInstaller:
    """Implement :class:`accel_doctor.store.environments.project_storing.Installer`."""

    environment: ProjectEnvironment
    options: SyncOptions
    invocation: Invocation

    def make(self, place: Path) -> None:
        """Create an empty environment with uv, else with the interpreter's own venv. Raise ToolError."""
        variables = self.environment.variables
        uv = find_uv(variables) if self.options.frontend.frontend != "pip" else None
        executable, prompt = self.environment.interpreter.executable, self.environment.project.target.name
        make_environment(place, executable, uv, ProcessRunner(dict(variables)), prompt)

    def install(self, place: Path) -> int:
        project = self.environment.project
        given = project.install_arguments()
        words = [*checked_arguments(given, install_command, project.directory, project.source), *self.options.words]
        options = self._install_options(words, place)
        invocation = replace(self.invocation, directory=project.directory)
        if lock := project.synced_lock:
            return sync_lock(lock, LockChoices(), options, invocation)
        return run_installation(options, invocation)

    def _install_options(self, words: list[str], place: Path) -> InstallOptions:
        """Parse ``words`` as options of ``install``; what they do not set comes from the options of ``env sync``."""
        project = self.environment.project
        configured = read_configuration(user_directory(self.environment.variables), project.directory)
        defaults = {key.replace("-", "_"): value for key, value in configured.items()}
        with install_command.make_context("install", words, default_map=defaults) as context:
            given = value_of(InstallOptions, context.params)
            named = {
                name for name in context.params if context.get_parameter_source(name) is ParameterSource.COMMANDLINE
            }
        absolute = self.invocation.absolute
        ours = self.options.place
        place_options = PlaceOptions(
            cache_dir=absolute(ours.cache_dir) if ours.cache_dir else None, rules=tuple(map(absolute, ours.rules))
        )
        frontend = _merged(self.options.frontend, given.frontend, named)
        return replace(
            given,
            pip=replace(given.pip, offline=frontend.offline),
            target=InstallTargetOptions(python=str(place)),
            consent=_merged(self.options.consent, given.consent, named),
            frontend=frontend,
            place=_merged(place_options, given.place, named),
            levels=_merged(self.options.levels, given.levels, named),
        )


def _merged(ours: Any, theirs: Any, named: Collection[str]) -> Any:
    """Return ``ours`` with the ``named`` options taken from ``theirs``; repeatable options are concatenated."""
    changes: dict[str, Any] = {}
    for each in fields(ours):
        if each.name in named:
            mine, other = getattr(ours, each.name), getattr(theirs, each.name)
            changes[each.name] = (*mine, *other) if isinstance(mine, tuple) else other
    return replace(ours, **changes)
