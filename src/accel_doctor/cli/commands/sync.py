"""``accel-doctor sync``."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from accel_doctor.cli.commands.install import InstallOptions, install_in, session_of
from accel_doctor.cli.numbers import Whole
from accel_doctor.cli.options import (
    ConfiguredCommand,
    ConsentOptions,
    FrontendOptions,
    LevelOptions,
    PlaceOptions,
    argument,
    as_command,
    option,
    own,
)
from accel_doctor.cli.pip_line import PipArguments
from accel_doctor.cli.project_locks import LockChoices, find_lock, read_project_lock
from accel_doctor.cli.sandbox_options import SandboxOptions
from accel_doctor.cli.session import started
from accel_doctor.cli.targets import InstallTargetOptions
from accel_doctor.model.machine import Invocation
from accel_doctor.model.requests import Selection
from accel_doctor.system.process.scratch import scratch_directory


@dataclass(frozen=True)
class SelectionOptions:
    """Choose what of the lock to install."""

    group: tuple[str, ...] = option("--group", metavar="NAME", default=(), help="Install this dependency group too.")
    only_group: tuple[str, ...] = option(
        "--only-group", metavar="NAME", default=(), help="Install this group, without the project and what it requires."
    )
    no_dev: bool = option("--no-dev", default=False, help="Leave out the groups that nobody asked for, such as dev.")
    extra: tuple[str, ...] = option("--extra", metavar="NAME", default=(), help="Install this extra of the project.")
    all_extras: bool = option("--all-extras", default=False, help="Install all extras of the project.")
    frozen: bool = option("--frozen", default=False, help="Install the lock as it is, even if it is out of date.")
    no_install_project: bool = option(
        "--no-install-project", default=False, help="Install what the project requires, but not the project."
    )

    @property
    def choices(self) -> LockChoices:
        """Return what is chosen."""
        selection = Selection(self.group, self.only_group, not self.no_dev, self.extra, self.all_extras)
        return LockChoices(selection, self.frozen, not self.no_install_project)


@dataclass(frozen=True)
class SyncOptions:
    lock: str | None = argument("[LOCK]", default=None, required=False)
    selection: SelectionOptions = SelectionOptions()
    consent: ConsentOptions = ConsentOptions()
    dry_run: bool = own("--dry-run", default=False, help="Print the plan and the exact commands; change nothing.")
    verify: bool | None = own(
        "--verify/--no-verify",
        variable="ACCEL_DOCTOR_VERIFY",
        help="Import everything, or nothing, before it is done (default: what was built, or asked for and is new).",
    )
    python: str | None = own("--python", metavar="PATH", help="Install into this interpreter or environment.")
    jobs: int | None = own(
        "--jobs", type=Whole(min=1), metavar="N", help="Build this many at once (default: one per core)."
    )
    frontend: FrontendOptions = FrontendOptions()
    sandbox: SandboxOptions = SandboxOptions()
    report: str | None = own("--report", metavar="FILE", help="Write a report of the run here, as JSON; - is stdout.")
    place: PlaceOptions = PlaceOptions()
    levels: LevelOptions = LevelOptions()
    verbose: int = option("-v", "--verbose", count=True, default=0, help="Say more; can be repeated.")
    quiet: int = option("-q", "--quiet", count=True, default=0, help="Say less; can be repeated.")


@as_command("sync", SyncOptions, cls=ConfiguredCommand)
def command(options: SyncOptions) -> int:
    """Install what the project's lock file says, and the project itself in editable mode.

    LOCK is a uv.lock, poetry.lock, pdm.lock, Pipfile.lock, pylock.toml or requirements file; without it, the first of
    these in this directory. Installs into the active environment, else into ./.venv, which is made if it is not there.
    What is installed and not in the lock stays.
    """
    invocation = started()
    path = find_lock(invocation.directory, options.lock)
    return sync_lock(path, options.selection.choices, _install_options(options), invocation)


def sync_lock(path: Path, choices: LockChoices, options: InstallOptions, invocation: Invocation) -> int:
    """Install what is chosen of a project's lock file, with the options of ``install``; return the exit code."""
    session = session_of(options, invocation)
    with scratch_directory() as work:
        with session.interrupts.watched():
            lock = read_project_lock(path, choices, session, options.frontend, work)
        return install_in(session, replace(options, pip=lock.arguments_after(options.pip)), lock)


def _install_options(options: SyncOptions) -> InstallOptions:
    told = {"verbose": options.verbose, "quiet": options.quiet}
    return InstallOptions(
        pip=PipArguments((), told, (), options.frontend.offline),
        consent=options.consent,
        dry_run=options.dry_run,
        verify=options.verify,
        target=InstallTargetOptions(python=options.python, venv=True),
        jobs=options.jobs,
        frontend=options.frontend,
        sandbox=options.sandbox,
        report=options.report,
        place=options.place,
        levels=options.levels,
    )
