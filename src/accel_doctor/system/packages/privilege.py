"""Become root, and detect refusals."""

from __future__ import annotations

import re
import shlex
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from accel_doctor.errors import PrivilegeError
from accel_doctor.interfaces import Runner
from accel_doctor.model.processes import Completed
from accel_doctor.system.packages.facts import ENGLISH

_LOG_TAIL = 256 * 1024
_TERMINAL_CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\r(?=\n)")

# sudo 1.9, sudo-rs 0.2 and opendoas 6.8 print these before they give up; the command itself never ran.
_REFUSAL = re.compile(
    r"^(?:"
    r"(?:sudo|sudo-rs|doas): (?!unable to resolve host|\S+: command not found).*"
    r"|\S+ is not in the sudoers file\b.*"
    r"|Sorry, user \S+ (?:is not allowed to execute|may not run sudo) .*"
    r"|I'm sorry \S+\. I'm afraid I can't do that"
    r")$"
)


@dataclass(frozen=True)
class Privilege:
    """How to become root: ``tool`` is the command to prefix, empty if we are root, None if it is impossible.

    With ``terminal`` the user can be asked for a password, and commands run in a conversation; without one,
    nothing ever waits for an answer.
    """

    tool: str | None
    terminal: bool

    def prefix(self, argv: Sequence[str], environment: Mapping[str, str] | None = None) -> tuple[str, ...]:
        """Return the command line, to paste or run as is, that runs ``argv`` as root with these variables.

        The variables are set with env(1), since sudo and doas drop most of what they inherit.
        """
        variables = [f"{name}={value}" for name, value in (environment or {}).items()]
        command = (*(["env", *variables] if variables else []), *argv)
        if not self.tool:
            return command
        return (self.tool, *([] if self.terminal else ["-n"]), *command)

    def run(self, runner: Runner, command: Sequence[str], log: Path, plan: Sequence[Sequence[str]]) -> Completed:
        """Run a command line made by :meth:`prefix`, its output appended to ``log``.

        Raises PrivilegeError, with ``plan`` for the commands to print, if there is no way to become root or the
        password or the permission was refused; KeyboardInterrupt, once the command has ended, if Ctrl-C was typed.
        """
        if self.tool is None:
            raise self._refused("installing system packages needs root: neither sudo nor doas found", plan)
        with log.open("a", encoding="utf-8") as file:
            begin = file.seek(0, 2)
            file.write(f"$ {shlex.join(command)}\n")
        # sudo keeps LC_ALL (sudoers(5), env_check)
        run = runner.converse if self.terminal else runner.record
        done = run(command, log, environment=ENGLISH)
        if done.interrupted:  # whatever its outcome: the user who typed it wants to stop
            raise KeyboardInterrupt
        output = _tail(log, begin)
        refusal = _refusal(output) if self.tool and done.returncode == 1 else None
        if refusal:
            raise self._refused(f"{self.tool} refused: {refusal}", plan)
        return replace(done, output=output)

    def _refused(self, message: str, plan: Sequence[Sequence[str]]) -> PrivilegeError:
        commands = [self._without_prefix(line) for line in plan]
        hint = "run these commands as root, then run the same command again"
        return PrivilegeError(message, commands=commands, hint=hint)

    def _without_prefix(self, command: Sequence[str]) -> tuple[str, ...]:
        """Return the command without the prefix for root."""
        if not self.tool or not command or command[0] != self.tool:
            return tuple(command)
        return tuple(command[1:] if self.terminal else command[2:])


def find_privilege(*, euid: int, path: str, terminal: bool) -> Privilege:
    """Return how this user becomes root: not needed, sudo, else doas, looked up on ``path``; or not possible."""
    if euid == 0:
        return Privilege("", terminal)
    tool = next((name for name in ("sudo", "doas") if shutil.which(name, path=path)), None)
    return Privilege(tool, terminal)


def _refusal(output: str) -> str | None:
    """Return the line in which sudo or doas refused; None if the last line is the command's own."""
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    return next((line for line in reversed(lines[-3:]) if _REFUSAL.match(line)), None)


def _tail(log: Path, begin: int) -> str:
    """Return the text appended to the log since ``begin``, only its end if it is long, without colors."""
    with log.open("rb") as file:
        end = file.seek(0, 2)
        file.seek(max(begin, end - _LOG_TAIL))
        text = file.read(_LOG_TAIL).decode(errors="replace")
    return _TERMINAL_CONTROL.sub("", text)
