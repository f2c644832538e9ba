"""Know how each project tool writes what its lock file holds in a form that pip reads. Pure.

None of these commands resolves, asks an index or runs a build backend.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import ClassVar

from accel_doctor.errors import UsageError
from accel_doctor.model.requests import Selection
from accel_doctor.requirements.embedded import PROJECT_FILE
from accel_doctor.requirements.project_file import ProjectFile


class LockTool(ABC):
    """Describe a tool with a lock file of its own."""

    name: ClassVar[str]
    lock_file: ClassVar[str]
    project_file: ClassVar[str] = PROJECT_FILE
    prints: ClassVar[bool] = False  # what it exports; the others write it
    writes: ClassVar[str] = "requirements.txt"  # the name of the export, which tells its form
    module: ClassVar[str | None] = None  # to run it with ``python -m``; None for uv
    requirements: ClassVar[tuple[str, ...]] = ()  # what to install for that
    variables: ClassVar[Mapping[str, str]] = {}
    relock: ClassVar[str]  # the user's command for a stale lock
    # Tables of pyproject.toml that name code to install or to run; the lock does not depend on them.
    without: ClassVar[tuple[tuple[str, ...], ...]] = ()
    check: ClassVar[tuple[str, ...]] = ()  # arguments that fail if the lock is stale; none if the export fails then
    stale: ClassVar[re.Pattern[str]] = re.compile("")  # in what it says then; other failures do not tell

    @abstractmethod
    def export(self, selection: Selection, project: ProjectFile, target: str) -> tuple[str, ...]:
        """Return the arguments that write the selected part of the lock, without the project, to ``target``."""

    def installs(self, project: ProjectFile) -> bool:
        """Return whether the tool installs the project too."""
        return project.name is not None


class Uv(LockTool):
    """https://docs.astral.sh/uv/reference/cli/#uv-export"""

    name = "uv"
    lock_file = "uv.lock"
    writes = "pylock.toml"
    variables: ClassVar[Mapping[str, str]] = {"UV_NO_CACHE": "1", "UV_OFFLINE": "1", "UV_PYTHON_DOWNLOADS": "never"}
    relock = "uv lock"
    check = ("lock", "--check", "--offline")
    stale = re.compile(r"needs to be updated|No solution found")

    def export(self, selection: Selection, project: ProjectFile, target: str) -> tuple[str, ...]:
        return (
            "export", "--frozen", "--quiet", "--format=pylock.toml", f"--output-file={target}", "--no-emit-project",
            *([] if selection.defaults else ["--no-default-groups"]),
            *(f"--group={name}" for name in selection.groups),
            *(f"--only-group={name}" for name in selection.only_groups),
            *(f"--extra={name}" for name in selection.extras), *(["--all-extras"] if selection.all_extras else []),
        )  # fmt: skip

    def installs(self, project: ProjectFile) -> bool:
        """https://docs.astral.sh/uv/concepts/projects/config/#project-packaging"""
        packaged = project.table("tool", "uv").get("package", bool(project.table("build-system")))
        return project.name is not None and packaged is True


class Poetry(LockTool):
    """https://github.com/python-poetry/poetry-plugin-export, which refuses a stale lock"""

    name = "Poetry"
    lock_file = "poetry.lock"
    module = "poetry"
    requirements = ("poetry>=2.1,<3", "poetry-plugin-export>=1.9,<2")
    relock = "poetry lock"
    without = (("tool", "poetry", "requires-plugins"),)
    stale = re.compile(r"since\s+poetry\.lock\s+was\s+last\s+generated")

    def export(self, selection: Selection, project: ProjectFile, target: str) -> tuple[str, ...]:
        groups = [*(_unasked(project) if selection.defaults else ()), *selection.groups]
        if selection.only_groups:
            chosen = [f"--only={','.join(selection.only_groups)}"]
        else:
            chosen = [f"--with={','.join(groups)}"] if groups else []
        return (
            "export", "--no-interaction", "--no-ansi", "--format=requirements.txt", f"--output={target}", *chosen,
            *(f"--extras={name}" for name in selection.extras), *(["--all-extras"] if selection.all_extras else []),
        )  # fmt: skip

    def installs(self, project: ProjectFile) -> bool:
        """https://python-poetry.org/docs/basic-usage/#operating-modes"""
        return project.name is not None and project.table("tool", "poetry").get("package-mode", True) is True


def _unasked(project: ProjectFile) -> list[str]:
    """Return the groups that ``poetry install`` installs: all but the optional ones."""
    return [one for one in project.groups if not project.table("tool", "poetry", "group", one).get("optional")]


class Pdm(LockTool):
    """https://pdm-project.org/latest/reference/cli/#export"""

    name = "PDM"
    lock_file = "pdm.lock"
    module = "pdm"
    requirements = ("pdm[locked]>=2.22,<3",)  # the extra pins what it was tested with
    variables: ClassVar[Mapping[str, str]] = {
        "PDM_CHECK_UPDATE": "0",
        "PDM_IGNORE_SAVED_PYTHON": "1",
        "PDM_USE_VENV": "0",
    }
    relock = "pdm lock"
    without = (("tool", "pdm", "plugins"),)
    check = ("lock", "--check")

    def export(self, selection: Selection, project: ProjectFile, target: str) -> tuple[str, ...]:
        """https://pdm-project.org/latest/reference/cli/#export: all development groups, unless some are named."""
        groups = selection.only_groups or (() if selection.defaults else selection.groups)  # else it has all of them
        kinds = ["--no-default"] if selection.only_groups else []
        kinds += ["--dev"] if groups else [] if selection.defaults else ["--prod"]
        extras = (":all",) if selection.all_extras else selection.extras
        return (
            "export", "--format=requirements", "--expandvars", f"--output={target}", *kinds,
            *(f"--group={name}" for name in (*groups, *extras)),
        )  # fmt: skip

    def installs(self, project: ProjectFile) -> bool:
        """https://pdm-project.org/latest/reference/pep621/#is-it-an-application-or-a-library"""
        said = project.table("tool", "pdm")
        library = said["package-type"] == "library" if "package-type" in said else said.get("distribution", True)
        return project.name is not None and library is True


class Pipenv(LockTool):
    """https://pipenv.pypa.io/en/latest/commands.html#requirements"""

    name = "Pipenv"
    lock_file = "Pipfile.lock"
    project_file = "Pipfile"
    prints = True
    module = "pipenv"
    requirements = ("pipenv>=2024.0,<2028",)
    relock = "pipenv lock"
    check = ("verify",)
    stale = re.compile(r"out-of-date")

    def export(self, selection: Selection, project: ProjectFile, target: str) -> tuple[str, ...]:
        """Return the arguments for categories of packages: groups, of which pipenv installs none unasked."""
        if selection.extras or selection.all_extras:
            raise UsageError(f"{self.lock_file} has no extras", hint="leave the options out")
        named = ["dev-packages" if name == "dev" else name for name in (*selection.only_groups, *selection.groups)]
        if missing := [name for name in named if not project.table(name)]:
            raise UsageError(f"the Pipfile has no [{missing[0]}]")
        categories = named if selection.only_groups else ["packages", *named]
        return ("requirements", "--hash", f"--categories={' '.join(categories)}")


LOCK_TOOLS: Mapping[str, LockTool] = {tool.lock_file: tool for tool in (Uv(), Poetry(), Pdm(), Pipenv())}
