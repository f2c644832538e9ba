"""From parsed options to the frontend and the request that carry them out."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import Protocol

from accel_doctor.cli.options import FrontendOptions
from accel_doctor.cli.session import Session
from accel_doctor.frontends.choice import choose_frontend, settled_elsewhere
from accel_doctor.interfaces import Frontend
from accel_doctor.model import Connection, InstallRequest
from accel_doctor.requirements.pip_configuration import read_configuration
from accel_doctor.requirements.pip_option_table import ParsedArguments
from accel_doctor.requirements.request import read_connection, read_request
from accel_doctor.system.file_reader import FileReader


class Resolving(Protocol):
    """The options of a command that resolves requirements."""

    @property
    def pip(self) -> ParsedArguments:
        """Return pip's part of the command line."""
        ...

    @property
    def frontend(self) -> FrontendOptions:
        """Return the options of the frontend."""
        ...


def prepare(session: Session, options: Resolving) -> tuple[Frontend, InstallRequest]:
    """Choose the frontend, and read pip's configuration and the requirements. Raises UsageError."""
    invocation, interpreter = session.invocation, session.interpreter
    variables = invocation.variables
    disk = FileReader(Connection(), variables)
    configuration = read_configuration(invocation, interpreter.prefix, disk)
    chosen = options.frontend.frontend
    frontend = choose_frontend(chosen, session.runner, interpreter, variables, session.cache, configuration)
    configuration = configuration.without(settled_elsewhere(frontend.name, variables))
    files = replace(disk, connection=read_connection(options.pip, configuration, invocation))
    inside = interpreter.in_virtual_environment
    return frontend, read_request(options.pip, configuration, files, invocation, in_virtual_environment=inside)


def usable_cores() -> int:
    """Return how many cores this process may use: containers and taskset allow fewer than the machine has."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
