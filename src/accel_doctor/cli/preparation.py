"""From the parsed line to a request and the parts that will carry it out."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from accel_doctor.cli.assembly import Parts
from accel_doctor.cli.configuration import cache_directory, rule_directories, user_directory
from accel_doctor.cli.logs import RunLogs
from accel_doctor.cli.machines import OWN_VERSION
from accel_doctor.cli.options import FrontendOptions, PlaceOptions
from accel_doctor.cli.session import Surrounding, Terminal
from accel_doctor.cli.terminal.interrupts import Interrupts
from accel_doctor.cli.terminal.reporters import PlainReporter, reporter_for
from accel_doctor.errors import UsageError
from accel_doctor.frontends.choice import choose_frontend, settled_elsewhere
from accel_doctor.interfaces import Frontend, Runner
from accel_doctor.model import Distribution, InstallRequest, Interpreter
from accel_doctor.requirements.arguments import ParsedArguments
from accel_doctor.requirements.pip_configuration import Configuration, read_configuration
from accel_doctor.requirements.request import read_connection, read_request
from accel_doctor.requirements.surroundings import Surroundings as RequestSurroundings
from accel_doctor.system.distribution import read_distribution
from accel_doctor.system.file_reader import FileReader
from accel_doctor.system.process.runner import ProcessRunner
from accel_doctor.system.python.assumed import assumed_interpreter
from accel_doctor.system.python.interpreter import refuse_externally_managed
from accel_doctor.system.python.target import find_target

if TYPE_CHECKING:
    from accel_doctor.cli.commands.install import InstallOptions


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

    @property
    def place(self) -> PlaceOptions:
        """Return where things are kept and rules are found."""
        ...


def prepare(options: InstallOptions) -> tuple[Parts, Frontend, InstallRequest]:
    """Find out what an installation needs of this machine. Raises UsageError for what cannot be used."""
    surrounding = Surrounding.read(options.pip.verbosity)
    runner = ProcessRunner(surrounding.environment)
    remembered = cache_directory(options.place.cache_dir, surrounding.environment) / "interpreters"
    interpreter = find_target(runner, surrounding.target, options.target.python, remembered)
    parts, frontend, request = gather(options, surrounding, runner, interpreter)
    refuse_externally_managed(interpreter, request)
    return parts, frontend, request


def gather(
    options: Resolving,
    surrounding: Surrounding,
    runner: ProcessRunner,
    interpreter: Interpreter,
) -> tuple[Parts, Frontend, InstallRequest]:
    """Find out the same for an interpreter that is known already."""
    environment = surrounding.environment
    configuration = read_configuration(environment, surrounding.home, interpreter.prefix, _read_text)
    cache = cache_directory(options.place.cache_dir, environment)
    frontend = choose_frontend(options.frontend.frontend, runner, interpreter, environment, cache, configuration)
    configuration = configuration.without(settled_elsewhere(frontend.name, environment))
    request = _request(options.pip, configuration, interpreter, surrounding)
    return parts_for(surrounding, runner, interpreter, options.place), frontend, request


def parts_for(
    surrounding: Surrounding,
    runner: ProcessRunner,
    interpreter: Interpreter,
    place: PlaceOptions,
    reporter_of: Callable[[Terminal, Distribution], PlainReporter] = reporter_for,
) -> Parts:
    """Return what every command that treats needs."""
    environment = surrounding.environment
    distribution = read_distribution()
    reporter = reporter_of(surrounding.terminal, distribution)
    cache = cache_directory(place.cache_dir, environment)
    return Parts(
        surrounding=surrounding,
        runner=runner,
        distribution=distribution,
        interpreter=interpreter,
        reporter=reporter,
        interrupts=Interrupts(runner.stop, reporter.note),
        logs=RunLogs(cache / "logs", reporter.note),
        cache=cache,
        rule_directories=rule_directories(place.rules, environment),
        index_directories=[user_directory(environment) / "indexes"],
    )


def interpreter_for(surrounding: Surrounding, runner: Runner, python: str | None = None) -> Interpreter:
    """The interpreter that builds here most likely use; without any environment, an assumed one of our version.

    UsageError where ``python`` names none.
    """
    try:
        return find_target(runner, surrounding.target, python)
    except UsageError:
        if python:
            raise
        return assumed_interpreter(read_distribution(), None, OWN_VERSION)


def interpreter_of_version(surrounding: Surrounding, runner: Runner, version: str) -> Interpreter:
    """The interpreter of a version that a log shows: the environment here (it may be new), the one on PATH, else one
    as the distribution would install it."""
    here = interpreter_for(surrounding, runner)
    if here.feature_version == version:
        return here
    try:
        return find_target(runner, surrounding.target, f"python{version}")
    except UsageError:
        return assumed_interpreter(read_distribution(), version, OWN_VERSION)


def _request(
    arguments: ParsedArguments,
    configuration: Configuration,
    interpreter: Interpreter,
    surrounding: Surrounding,
) -> InstallRequest:
    surroundings = RequestSurroundings(
        directory=surrounding.directory,
        home=surrounding.home,
        environment=surrounding.environment,
        in_virtual_environment=interpreter.in_virtual_environment,
    )
    reader = FileReader(read_connection(arguments, configuration, surroundings), surrounding.environment)
    return read_request(arguments, configuration, reader, surroundings)


def _read_text(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace")


def usable_cores() -> int:
    """What this process may use: containers and taskset set less than the machine has."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
