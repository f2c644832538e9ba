"""Every error accel-doctor raises, and the one table of exit codes.

An error says what failed and on what; its hint is the next command to try. A failing build is not an error
but a value (:class:`accel_doctor.model.Failed`): it is the normal input of this program.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


class ExitCode(IntEnum):
    """One outcome, one code. ``docs/reference/exit-codes.md`` is tested against this table."""

    meaning: str

    def __new__(cls, code: int, meaning: str) -> ExitCode:
        member = int.__new__(cls, code)
        member._value_ = code
        member.meaning = meaning
        return member

    DONE = 0, "success: all requirements are installed, and can be imported (with --dry-run: the plan was printed)"
    INTERNAL = 1, "internal error in accel-doctor, or in a tool that it runs"
    USAGE = 2, "usage error: an option, a configuration value or the target interpreter cannot be used"
    UNCURED = 3, "builds still fail, and no cure is known"
    CONSENT = 4, "cures are known, but installing them was not confirmed; or a removal was not"
    PRIVILEGE = 5, "cures are known, but there is no way to become root, or the package manager is not supported"
    PACKAGE_MANAGER = 6, "the package manager failed, or packages are missing after it ran"
    NETWORK = 7, "the network, an index or a mirror cannot be reached"
    REQUIREMENTS = 8, "the requirements cannot be met: no such package or version, a conflict, a hash mismatch"
    CACHE = 9, "something in the cache is damaged, is in use and was left, or cannot be read or written"
    NOT_IMPORTABLE = 10, "all is installed, but some of it cannot be imported, and no cure is known"
    INTERRUPTED = 130, "interrupted"


class AccelDoctorError(Exception):
    """An error: what failed, and on what; ``hint`` is the next step, ``exit_code`` the exit code of the process."""

    exit_code = ExitCode.INTERNAL

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class UsageError(AccelDoctorError):
    """An option, configuration value or interpreter that cannot be used."""

    exit_code = ExitCode.USAGE


class RuleError(AccelDoctorError):
    """Rule files that cannot be used; ``problems`` holds one ``file: key path: complaint`` per fault."""

    exit_code = ExitCode.USAGE

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("invalid rules:\n" + "\n".join(f"  {problem}" for problem in problems))
        self.problems = tuple(problems)


class PrivilegeError(AccelDoctorError):
    """No way to become root to install packages, or the password was refused; ``commands`` is what root must run."""

    exit_code = ExitCode.PRIVILEGE

    def __init__(self, message: str, *, commands: Sequence[Sequence[str]] = (), hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.commands = tuple(tuple(command) for command in commands)


class PackageManagerError(AccelDoctorError):
    """The package manager refused or failed; ``log`` is its full output."""

    exit_code = ExitCode.PACKAGE_MANAGER

    def __init__(self, message: str, *, log: Path | None = None, hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.log = log


class NetworkError(AccelDoctorError):
    """An index, a file or a mirror could not be reached."""

    exit_code = ExitCode.NETWORK


class LevelError(AccelDoctorError):
    """A request to a shared level failed. The run continues without it, so this never ends a run."""

    exit_code = ExitCode.NETWORK


class LevelDeniedError(LevelError):
    """A shared level denied access. S3 also answers so for missing objects if the caller may not list the bucket."""


class RequirementsError(AccelDoctorError):
    """The frontend reports that the requirements cannot be met; its message is quoted."""

    exit_code = ExitCode.REQUIREMENTS


class CacheError(AccelDoctorError):
    """The cache cannot be read or written; only the cache commands fail because of that."""

    exit_code = ExitCode.CACHE


class ToolError(AccelDoctorError):
    """A tool we run (uv, pip, git) failed for a reason unrelated to the requirements."""


class ToldInterrupt(KeyboardInterrupt):
    """Raised for an interrupt once the user was told that it was heard."""
