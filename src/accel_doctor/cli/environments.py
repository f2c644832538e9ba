"""Assemble the real parts of ``env`` from its options."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path

from accel_doctor.cli.configuration import cache_directory, working_directory
from accel_doctor.cli.options import CacheOptions, LevelOptions, TargetOptions, option
from accel_doctor.cli.terminal.progress import NotesAndProgress
from accel_doctor.errors import UsageError
from accel_doctor.model.machine import Invocation
from accel_doctor.store.cache_root import open_cache_root
from accel_doctor.store.environments.environment_cache import EnvironmentCache
from accel_doctor.store.environments.project_environment import ProjectEnvironment
from accel_doctor.store.environments.projects import Project, find_project
from accel_doctor.store.layout import ENVIRONMENTS, INTERPRETERS
from accel_doctor.system.loader.environment_libraries import EnvironmentLibraries
from accel_doctor.system.python.base_interpreter import describe_base_interpreter, find_base_interpreter
from accel_doctor.system.python.target import is_own, own_place


@dataclass(frozen=True)
class ProjectOptions:
    """The project, the interpreter, and the cache of environments."""

    config: str | None = option(
        "--config", envvar="VIRTUALENV_CACHE_CONFIG_PATH", metavar="FILE", help="Configuration file to use."
    )
    work_dir: str | None = option(
        "-w",
        "--work-dir",
        envvar="VIRTUALENV_CACHE_WORK_DIR",
        metavar="DIR",
        help="Directory of the project (default: the current one).",
    )
    target: TargetOptions = TargetOptions()
    place: CacheOptions = CacheOptions()

    @property
    def directory(self) -> Path:
        """Return the directory to search for the configuration."""
        return Path(self.work_dir or ".").absolute()


def open_cache(options: ProjectOptions, terminal: NotesAndProgress) -> tuple[Project, EnvironmentCache]:
    """Return the project that the options name, and the cache of its environments. Raise UsageError."""
    variables = dict(os.environ)
    named = options.directory / options.config if options.config else None
    project = find_project(options.directory, named, variables)
    # Our own directory inside the one that the project names: nothing else there is ever touched.
    if (own := project.cache_path) and not options.place.cache_dir:
        root = open_cache_root(own / "accel-doctor-environments")
    else:
        root = open_cache_root(cache_directory(options.place.cache_dir, variables)) / ENVIRONMENTS
    return project, EnvironmentCache(root, terminal.note)


def open_environment(
    options: ProjectOptions,
    terminal: NotesAndProgress,
    levels: LevelOptions,
    *,
    offline: bool = False,
    to_replace: bool = False,
) -> ProjectEnvironment:
    """Return the environment of the project that the options name. Raise UsageError, also where accel-doctor runs from
    what is ``to_replace``."""
    invocation = Invocation(dict(os.environ), working_directory(), own=own_place(Path(sys.prefix)))
    variables = invocation.variables
    project, cache = open_cache(options, terminal)
    if to_replace and is_own(project.target, invocation):
        raise UsageError(
            f"accel-doctor runs from {project.target}, and would replace it",
            hint="install accel-doctor somewhere else (pipx, uv tool)",
        )
    base = find_base_interpreter(options.target.python, project.target, invocation, terminal)
    interpreter = describe_base_interpreter(base, cache.root / INTERPRETERS, variables)
    return ProjectEnvironment(
        project=project,
        interpreter=interpreter,
        variables=variables,
        cache=cache,
        libraries=EnvironmentLibraries(interpreter.executable, variables, cache.root),
        levels=levels.settings(variables, offline=offline),
        terminal=terminal,
    )
