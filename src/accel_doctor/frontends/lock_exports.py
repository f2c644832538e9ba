"""Have a project's own tool write down what its lock file holds.

The tool works on a copy of the lock and of ``pyproject.toml`` alone: nothing else that came with the project (plugins,
configuration, a saved interpreter) is there to be run or read. It has no network, no secrets, and writes to that copy.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any

import tomli_w
from filelock import FileLock

from accel_doctor.errors import NetworkError, RequirementsError, ToolError, UsageError
from accel_doctor.frontends.lock_files import read_lock, write_lock
from accel_doctor.frontends.lock_tools import LockTool
from accel_doctor.interfaces import Frontend, Notifier, Runner, Sandbox
from accel_doctor.model.processes import Completed, Rights
from accel_doctor.model.requests import BuildSettings, IndexSettings, Selection
from accel_doctor.requirements.embedded import PROJECT_FILE
from accel_doctor.requirements.project_file import ProjectFile, read_project

_LOCK_LIMIT = 64 << 20  # bytes
_MOST_MEMBERS = 500  # of a workspace
_DEEPEST = 6
_MOST_DIRECTORIES = 20_000  # that are searched for them
_HOMES = ("HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME", "TMPDIR")
_UNSET = ("VIRTUAL_ENV", "CONDA_PREFIX", "PYTHONPATH", "PYTHONHOME")
_PASSED_OVER = frozenset({"node_modules", "site-packages", "__pycache__"})


@dataclass(frozen=True)
class ToolShelf:
    """Keep the tools that were installed to export locks, each in an environment of its own below ``root``, beside the
    private pip; ``python`` is accel-doctor's own interpreter, for which ``frontend`` installs."""

    root: Path
    frontend: Frontend
    python: Path
    index: IndexSettings

    def python_with(self, tool: LockTool, log: Path) -> Path:
        """Return the interpreter of the tool's environment, which is made first if it is not there. Raises ToolError
        and NetworkError."""
        made_of = hashlib.sha256("\n".join((str(self.python), *tool.requirements)).encode()).hexdigest()
        place = self.root / f"{tool.module}-{made_of[:16]}"
        self.root.mkdir(parents=True, exist_ok=True)
        with FileLock(place.with_suffix(".lock")):
            if not place.is_dir():
                with tempfile.TemporaryDirectory(prefix="tool-", dir=self.root) as work:
                    made = Path(work) / "made"
                    self._install(made, tool, log)
                    made.rename(place)
        return place / "bin" / "python"

    def _install(self, environment: Path, tool: LockTool, log: Path) -> None:
        done = self.frontend.provision(environment, tool.requirements, BuildSettings(), self.index, log)
        if done.returncode:
            failure = NetworkError if self.index.offline else ToolError
            raise failure(
                f"cannot install {tool.name}, which reads {tool.lock_file}: {_last_line(log)}",
                hint=f"full output: {log}",
            )


@dataclass(frozen=True)
class LockExporter:
    """Export the lock of one tool. ``argv`` starts it; ``readable`` is what it consists of."""

    tool: LockTool
    argv: tuple[str, ...]
    readable: tuple[Path, ...]
    runner: Runner
    sandbox: Sandbox
    notifier: Notifier

    def exported(self, project: ProjectFile, selection: Selection, work: Path, *, check: bool, log: Path) -> Path:
        """Return a requirements file or a PEP 751 lock with the selected part of the project's lock, below ``work``.

        Raises RequirementsError if the lock is stale, or if the tool cannot export it.
        """
        root = work.resolve() / "root"  # of the copy, which has the project's path below it: others lead to beside it
        copy = root / project.directory.resolve().relative_to("/")
        _copy(project, self.tool, copy)
        if check and self.tool.check:
            self._check(copy, log)
        target = copy / self.tool.writes
        done = self._run(self.tool.export(selection, project, str(target)), copy, log)
        if self.tool.prints and not done.returncode:
            target.write_text(done.output, encoding="utf-8")
        if done.returncode or not target.is_file():
            if not self.tool.check and self.tool.stale.search(f"{done.output}\n{done.stderr}"):
                raise self._stale(self.tool.relock)
            raise RequirementsError(
                f"{self.tool.name} cannot export {self.tool.lock_file}: {_said(done)}", hint=f"full output: {log}"
            )
        return _of_the_project(target, root, work)

    def _check(self, copy: Path, log: Path) -> None:
        """Raise RequirementsError if the tool's own check says that the lock is stale."""
        done = self._run(self.tool.check, copy, log)
        if not done.returncode:
            return
        if self.tool.stale.search(f"{done.output}\n{done.stderr}"):
            raise self._stale(f"{self.tool.relock}; or --frozen, to install the lock as it is")
        self.notifier.note(f"not known whether {self.tool.lock_file} is up to date: {_said(done)}")

    def _stale(self, hint: str) -> RequirementsError:
        return RequirementsError(
            f"{self.tool.lock_file} is out of date: {self.tool.project_file} was changed since", hint=hint
        )

    def _run(self, arguments: Sequence[str], copy: Path, log: Path) -> Completed:
        home = copy / "home"
        home.mkdir(exist_ok=True)
        rights = Rights((copy, *self.readable), (copy,), network=False)
        told = {**self.tool.variables, "NO_COLOR": "1", **dict.fromkeys(_UNSET, ""), **dict.fromkeys(_HOMES, str(home))}
        argv = self.sandbox.command((*self.argv, *arguments), rights)
        done = self.runner.capture(argv, environment=told, directory=copy)
        with log.open("a", encoding="utf-8") as file:
            file.write(f"$ {' '.join((self.tool.name, *arguments))}\n{done.output}{done.stderr}\n")
        return done


def _said(done: Completed) -> str:
    lines = [line.strip() for line in (*done.output.splitlines(), *done.stderr.splitlines())]
    told = [line for line in lines if line and not line.startswith(("hint:", "WARNING:"))]
    return told[-1].removeprefix("error: ").removeprefix("cause: ") if told else f"exit code {done.returncode}"


def _last_line(log: Path) -> str:
    lines = log.read_text(encoding="utf-8", errors="replace").split("\n") if log.is_file() else []
    return next((line.strip() for line in reversed(lines) if line.strip()), "it said nothing")


def _copy(project: ProjectFile, tool: LockTool, copy: Path) -> None:
    """Copy the lock and the project's own description, and those of the members of a workspace, into ``copy``."""
    copy.mkdir(parents=True)
    content = _content(project.directory / tool.lock_file, _LOCK_LIMIT)
    (copy / tool.lock_file).write_bytes(content)
    described = tomli_w.dumps(_cleared(project.document, tool.without))
    (copy / tool.project_file).write_text(described, encoding="utf-8")
    if tool.module is None and (project.table("tool", "uv", "workspace") or project.table("tool", "uv", "sources")):
        for member in _members(project.directory):
            target = copy / member
            target.mkdir(parents=True)
            document = read_project(project.directory / member).document
            (target / PROJECT_FILE).write_text(tomli_w.dumps(dict(document)), encoding="utf-8")


def _content(path: Path, limit: int) -> bytes:
    try:
        if not path.is_file():
            raise UsageError(f"{path.name}: not a file")
        with path.open("rb") as stream:
            content = stream.read(limit + 1)
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}") from error
    if len(content) > limit:
        raise UsageError(f"{path.name}: larger than {limit >> 20} MB")
    return content


def _cleared(document: Any, tables: Sequence[Sequence[str]]) -> dict[str, Any]:
    """Return a document without these tables."""
    result = dict(document)
    for first, *rest in tables:
        if not rest:
            result.pop(first, None)
        elif isinstance(result.get(first), dict):
            result[first] = _cleared(result[first], [rest])
    return result


def _members(directory: Path) -> Iterator[Path]:
    """Yield the directories below that have a project, relative to it: members of a workspace, and what else there is.
    Symlinks are not followed."""
    found = 0
    for place, names, files in islice(os.walk(directory), _MOST_DIRECTORIES):
        relative = Path(place).relative_to(directory)
        hidden = {name for name in names if name.startswith(".") or name in _PASSED_OVER}
        hidden |= {name for name in names if (Path(place) / name / "pyvenv.cfg").exists()}
        names[:] = sorted(set(names) - hidden) if len(relative.parts) < _DEEPEST else []
        if relative.parts and PROJECT_FILE in files and not (Path(place) / PROJECT_FILE).is_symlink():
            yield relative
            found += 1
        if found == _MOST_MEMBERS:
            return


def _of_the_project(export: Path, root: Path, work: Path) -> Path:
    """Return a copy of the export below ``work``, in which no path leads to ``root`` but to the same one below /."""
    made = work / "export"
    made.mkdir()
    if export.name.startswith("pylock."):
        export = write_lock(replace(read_lock(export), tool=None), made / "absolute")
    text = export.read_text(encoding="utf-8").replace(str(root), "")
    (made / export.name).write_text(text, encoding="utf-8")
    shutil.rmtree(root, ignore_errors=True)
    return made / export.name
