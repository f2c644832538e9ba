"""Read a project's lock file, and say what installing it means: the arguments of ``install``, and the project
itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from packaging.pylock import Package
from packaging.specifiers import SpecifierSet

from accel_doctor.cli.options import FrontendOptions
from accel_doctor.cli.pip_line import PipArguments, prepare
from accel_doctor.cli.session import Session
from accel_doctor.errors import RequirementsError, UsageError
from accel_doctor.frontends.choice import find_uv
from accel_doctor.frontends.lock_exports import LockExporter, ToolShelf
from accel_doctor.frontends.lock_tools import LOCK_TOOLS, LockTool
from accel_doctor.model.machine import Interpreter
from accel_doctor.model.requests import InstallRequest, Selection
from accel_doctor.requirements.exported_locks import as_locked
from accel_doctor.requirements.other_files import SYNCED, is_lock
from accel_doctor.requirements.pip_option_table import ParsedArguments
from accel_doctor.requirements.project_file import read_project
from accel_doctor.store.environments.projects import LOCKS
from accel_doctor.store.layout import FRONTENDS
from accel_doctor.system.python.interpreter import describe


@dataclass(frozen=True)
class ProjectLock:
    """Hold a lock in a form that ``install`` reads, ``file``, with what of it is selected, and the projects beside
    it."""

    file: Path
    selection: Selection = Selection()
    projects: tuple[Package, ...] = ()
    exported: bool = False  # by the project's tool: nothing is left to resolve
    requires_python: SpecifierSet = SpecifierSet()

    def arguments_after(self, given: PipArguments) -> PipArguments:
        """Return the arguments of ``install`` with the lock among them."""
        return replace(given, options={**given.options, "requirement": (str(self.file),)})

    def applied(self, request: InstallRequest, interpreter: Interpreter) -> InstallRequest:
        """Return the request for the selected part, and for the projects. Raises RequirementsError if the project, or
        all of the lock, is for other versions of Python."""
        if not (self.exported or request.lock):
            return request
        if not self.requires_python.contains(interpreter.version, prereleases=True):
            raise RequirementsError(
                f"the project requires Python {self.requires_python}, and this is Python {interpreter.version}",
                hint="choose another interpreter or environment with --python",
            )
        return as_locked(request, self.projects, self.selection, interpreter.environment)


@dataclass(frozen=True)
class LockChoices:
    """Say what is asked of a project's lock."""

    selection: Selection = Selection()
    frozen: bool = False
    install_project: bool = True


def find_lock(directory: Path, named: str | None) -> Path:
    """Return the lock file that is meant: the one that is named, else the first there is. Raises UsageError."""
    if named:
        path = Path(named)
        path = directory / path
        if not path.is_file():
            raise UsageError(f"lock file not found: {named}")
        return path
    found = [name for name in LOCKS if (directory / name).is_file()]
    if not found:
        above = next((place / name for place in directory.parents for name in SYNCED if (place / name).is_file()), None)
        raise UsageError(
            f"no lock file found here: none of {', '.join(LOCKS)}",
            hint=f"there is {above}: change to its directory"
            if above
            else "change to the project's directory; without a lock file: accel-doctor install -e .",
        )
    return directory / found[0]


def read_project_lock(
    path: Path, choices: LockChoices, session: Session, options: FrontendOptions, work: Path
) -> ProjectLock:
    """Return a project's lock; if only its tool reads it, have it exported below ``work``. Raises AccelDoctorError."""
    tool = LOCK_TOOLS.get(path.name)
    if tool is None:
        return _read_here(path, choices)
    project = read_project(path.parent, tool.project_file)
    if not project.document:
        raise UsageError(f"{path.name} needs the {tool.project_file} beside it, and there is none")
    session.reporter.step(f"Reading {path.name}")
    log = session.logs.new_log("export", tool.lock_file)
    exporter = _exporter(tool, session, options, log)
    file = exporter.exported(project, choices.selection, work, check=not choices.frozen, log=log)
    installed = choices.install_project and not choices.selection.only_groups and tool.installs(project)
    projects = (project.as_package(editable=True),) if installed else ()
    selection = Selection()  # what was exported is all selected
    return ProjectLock(file, selection, projects, True, project.requires_python)


def _read_here(path: Path, choices: LockChoices) -> ProjectLock:
    if not is_lock(path.name) and choices.selection != Selection():
        raise UsageError(f"{path.name} has no groups and no extras", hint="leave the options out")
    return ProjectLock(path, choices.selection)


def _exporter(tool: LockTool, session: Session, options: FrontendOptions, log: Path) -> LockExporter:
    """Return what exports locks of a tool: uv is at hand, others are installed first, in environments of their own."""
    invocation, runner = session.invocation, session.runner
    own = describe(invocation.executable, runner)
    ours: Sequence[Path] = (own.prefix, own.base_prefix)
    if tool.module is None:
        uv = find_uv(invocation.variables)
        if uv is None:
            raise UsageError(f"uv not found, which reads {tool.lock_file}", hint="install uv")
        return LockExporter(tool, (str(uv),), (uv.parent, *ours), runner, session.sandbox, session.reporter)
    asked = ParsedArguments(tool.requirements, {}, (), options.offline)
    frontend, request = prepare(session, asked, options, replace(own, in_virtual_environment=True))
    shelf = ToolShelf(session.cache / FRONTENDS, frontend, invocation.executable, request.index)
    python = shelf.python_with(tool, log)
    argv = (str(python), "-I", "-m", tool.module)
    return LockExporter(tool, argv, (python.parents[1], *ours), runner, session.sandbox, session.reporter)
