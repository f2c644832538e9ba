"""One run of a command: its invocation, and the parts of this machine it works with, each created on first use.

What a run may never need (rules, a package manager, a live table) is imported when it is created.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, cast

from accel_doctor.cli.caches import usable_cache
from accel_doctor.cli.configuration import (
    cache_directory,
    journal_path,
    rule_directories,
    user_directory,
    working_directory,
)
from accel_doctor.cli.options import PlaceOptions
from accel_doctor.cli.run_logs import RunLogs
from accel_doctor.cli.terminal.streams import Terminal
from accel_doctor.errors import UsageError
from accel_doctor.interfaces import Runner
from accel_doctor.journal import Journal, journal_entry
from accel_doctor.model.machine import Distribution, Interpreter, Invocation
from accel_doctor.model.plans import JournalEntry, Plan
from accel_doctor.model.processes import Isolation
from accel_doctor.store.layout import INTERPRETERS, LOGS
from accel_doctor.system.distribution import machine_mark, named_distribution, read_distribution
from accel_doctor.system.process.runner import ProcessRunner
from accel_doctor.system.python.platforms import assumed_interpreter
from accel_doctor.system.python.target import find_target, own_place

if TYPE_CHECKING:
    from accel_doctor.cli.terminal.interrupts import Interrupts
    from accel_doctor.cli.terminal.recording import Recording
    from accel_doctor.cli.terminal.reporters import PlainReporter
    from accel_doctor.diagnosis import RuleAdviser
    from accel_doctor.fileindex import ReleaseIndexes
    from accel_doctor.interfaces import PackageManager
    from accel_doctor.rulebook import Rulebook
    from accel_doctor.system.process.sandbox import LandlockSandbox


def started() -> Invocation:
    """Return the invocation of this process."""
    return Invocation(
        variables=dict(os.environ),
        directory=working_directory(),
        command_line=("accel-doctor", *sys.argv[1:]),
        executable=Path(sys.executable),
        own=own_place(Path(sys.prefix)),
    )


@dataclass(frozen=True)
class Session:
    """A command's settings, and the components it works with.

    ``distro`` names a machine other than this one. ``chosen`` is the interpreter, unless it is simply the one that
    ``python`` names or that is active here; ``platforms`` are its platform tags if it is another machine's.
    """

    invocation: Invocation
    place: PlaceOptions = PlaceOptions()
    verbosity: int = 0
    python: str | None = None
    distro: str | None = None
    chosen: Interpreter | None = None
    platforms: Sequence[str] = ()
    beside_a_command: bool = False  # whose output is on the terminal too
    isolation: Isolation = Isolation()

    # --- paths

    @cached_property
    def cache(self) -> Path:
        """Return the directory of wheels, sources and logs."""
        chosen = cache_directory(self.place.cache_dir, self.invocation.variables, self.invocation.directory)
        return usable_cache(chosen, self.reporter)

    @cached_property
    def rule_directories(self) -> Sequence[Path]:
        """Return the directories of rules that override the shipped ones."""
        return rule_directories(self.place.rules, self.invocation.variables, self.invocation.directory)

    @cached_property
    def index_directories(self) -> Sequence[Path]:
        """Return the directories of file indexes, in addition to the shipped ones."""
        return [user_directory(self.invocation.variables) / "indexes"]

    # --- terminal, logs and journal

    @cached_property
    def terminal(self) -> Terminal:
        """Return the terminal that stdin and stderr are connected to."""
        return Terminal.of(self.invocation.variables, self.verbosity)

    @cached_property
    def reporter(self) -> PlainReporter:
        """Return the reporter that suits the terminal."""
        return cast("PlainReporter", self.recording)  # which hands everything on to one

    @cached_property
    def recording(self) -> Recording:
        """Return the reporter that suits the terminal, watched for the report of this run."""
        from accel_doctor.cli.terminal.recording import Recording
        from accel_doctor.cli.terminal.reporters import command_reporter_for, reporter_for

        chosen = command_reporter_for if self.beside_a_command else reporter_for
        return Recording(chosen(self.terminal, self.distribution))

    @cached_property
    def logs(self) -> RunLogs:
        """Return the logs of this run."""
        return RunLogs(self.cache / LOGS, self.reporter)

    @cached_property
    def journal(self) -> Journal:
        """Return the journal of this user."""
        return Journal(journal_path(self.invocation.variables), self.reporter)

    def journal_entry(self, plan: Plan) -> JournalEntry:
        """Return the journal's entry for a plan that was just carried out in this run."""
        manager, run = self.package_manager.name, self.logs.directory.name
        return journal_entry(plan, self.distribution, manager, self.invocation.command_line, run, machine_mark())

    @cached_property
    def interrupts(self) -> Interrupts:
        """Return the handler for Ctrl-C and SIGTERM."""
        from accel_doctor.cli.terminal.interrupts import Interrupts

        return Interrupts(self.runner, self.reporter)

    # --- the machine

    @cached_property
    def sandbox(self) -> LandlockSandbox:
        """Return the sandbox of builds and imports. Raises UsageError if what is asked for is impossible here."""
        from accel_doctor.system.process.sandbox import LandlockSandbox

        sandbox = LandlockSandbox(self.isolation, self.invocation.variables)
        sandbox.check()
        if self.verbosity > 0 or (sandbox.in_effect and sandbox.missing):
            self.reporter.note(sandbox.description)
        return sandbox

    @cached_property
    def runner(self) -> ProcessRunner:
        """Return the process runner; it works in the directory of the invocation."""
        audience = self.reporter if self.terminal.live else None
        return ProcessRunner(self.invocation.variables, self.invocation.directory, audience)

    @cached_property
    def rulebook(self) -> Rulebook:
        """Return the rules."""
        from accel_doctor.cli.machines import load_rules

        return load_rules(self.rule_directories)

    @cached_property
    def distribution(self) -> Distribution:
        """Return the distribution that ``--distro`` names, else that of this machine."""
        return read_distribution() if self.distro is None else named_distribution(self.distro)

    @cached_property
    def indexes(self) -> ReleaseIndexes:
        """Return the file indexes that tell about the distribution."""
        from accel_doctor.fileindex import ReleaseIndexes

        return ReleaseIndexes(self.distribution, self.rulebook.relatives(self.distribution), self.index_directories)

    @cached_property
    def package_manager(self) -> PackageManager:
        """Return the distribution's package manager; only on this machine can it be queried and run."""
        from accel_doctor.cli.machines import unasked_package_manager

        if self.distro is not None:
            return unasked_package_manager(self.rulebook, self.distribution)
        return self.package_manager_with(self.runner)

    def package_manager_with(self, runner: Runner) -> PackageManager:
        """Return this machine's package manager, with its processes started by ``runner``."""
        from accel_doctor.cli.machines import driven_package_manager
        from accel_doctor.system.packages.privilege import find_privilege
        from accel_doctor.system.packages.system_tools import SYSTEM_PATH, SystemTools

        privilege = find_privilege(euid=os.geteuid(), path=SYSTEM_PATH, terminal=self.terminal.interactive)
        return driven_package_manager(self.rulebook, self.distribution, SystemTools(runner), privilege)

    @property
    def obstacle(self) -> str | None:
        """Return what, other than missing root access, prevents installing packages here; None if nothing."""
        from accel_doctor.cli.machines import obstacle

        return obstacle(self.package_manager)

    @cached_property
    def interpreter(self) -> Interpreter:
        """Return the interpreter to install into. Raises UsageError if there is none."""
        return self.chosen or find_target(self.runner, self.invocation, self.python, self.cache / INTERPRETERS)

    def likely_interpreter(self, version: str | None = None) -> Interpreter:
        """Return the interpreter of that version that builds here most likely use: that of the active environment,
        else the one on PATH, else an assumed one. Raises UsageError if ``--python`` names none."""
        try:
            here = self.interpreter
        except UsageError:
            if self.python:
                raise
            here = self._on_path(None)
        return here if version is None or here.feature_version == version else self._on_path(version)

    def _on_path(self, version: str | None) -> Interpreter:
        try:
            return find_target(self.runner, self.invocation, f"python{version or 3}")
        except UsageError:
            return assumed_interpreter(self.distribution, version)

    def assumed_interpreter(self, version: str | None = None) -> Interpreter:
        """Return an assumed interpreter, not run: of that version, else the distribution's python3."""
        return assumed_interpreter(self.distribution, version or self.rulebook.python(self.distribution))

    def adviser(self, interpreter: Interpreter) -> RuleAdviser:
        """Return the adviser that finds cures for this machine, for builds with ``interpreter``."""
        from accel_doctor.diagnosis import RuleAdviser
        from accel_doctor.system.packages.elsewhere import enabling_commands

        return RuleAdviser(
            self.rulebook,
            self.distribution,
            interpreter,
            self.package_manager,
            self.indexes,
            lambda repositories: enabling_commands(repositories, self.distribution),
        )
