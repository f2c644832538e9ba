"""Check that installed packages can be imported: in the interpreter they were installed into, one distribution at a
time, so that a crash is attributed to the right one."""

from __future__ import annotations

import json
import secrets
import shlex
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from accel_doctor.errors import ToolError
from accel_doctor.interfaces import Logs, Runner, Sandbox
from accel_doctor.model.builds import Failed
from accel_doctor.model.machine import Interpreter
from accel_doctor.model.processes import Completed, Rights
from accel_doctor.model.requests import InstallRequest
from accel_doctor.system.python.import_judgment import Judgment, judged, read_failures, read_inner_count
from accel_doctor.system.python.import_programs import IMPORT, LIST
from accel_doctor.system.python.inner_judgment import InnerJudge, ModuleRules
from accel_doctor.workers import workers

_LIST_TIMEOUT = 60.0  # seconds
_IMPORT_TIMEOUT = 120.0
_MARK = "accel-doctor-modules:"


@dataclass(frozen=True)
class _Listed:
    """Describe an installed distribution: its top-level modules, whether it names the target's version of Python among
    those that it is for, the normalized names of what it requires under a condition (extras), and its commands."""

    modules: tuple[str, ...]
    of_this_python: bool
    extras: frozenset[str]
    commands: Mapping[str, str]


@dataclass(frozen=True)
class Imports:
    """Imports distributions in the target ``interpreter``, ``jobs`` in parallel, each with its own log."""

    interpreter: Interpreter
    runner: Runner
    sandbox: Sandbox
    logs: Logs
    jobs: int
    note: Callable[[str], None]
    rules: ModuleRules

    def failing(self, names: Sequence[str], request: InstallRequest) -> list[Failed]:
        """Return the installed distributions among ``names`` that cannot be imported; with return code 0, those
        of which only modules that they do not import by themselves lack a library or another distribution.

        Modules that only want settings or optional companions do not count. Raises ToolError if the interpreter cannot
        list the modules.
        """
        places = (str(request.target or ""), str(request.prefix or ""), "user" if request.user else "")
        listed = self._listed(names, places)
        with workers(self.jobs, "import") as pool:
            outcomes = list(pool.map(lambda name: self._import(name, listed[name], places), listed))
        return [failed for failed in outcomes if failed]

    def _listed(self, names: Sequence[str], places: Sequence[str]) -> dict[str, _Listed]:
        done = self._run(LIST, [*places, _MARK], _LIST_TIMEOUT, stdin=json.dumps(list(names)))
        _, mark, answer = done.output.rpartition(_MARK)
        if done.returncode or not mark:
            words = (done.stderr.strip() or done.output.strip() or f"return code {done.returncode}").splitlines()[-1]
            raise ToolError(f"{self.interpreter.executable} cannot list the installed modules: {words[:200]}")
        return {
            name: _Listed(
                tuple(one["modules"]), one["of_this_python"] is True, frozenset(one["extras"]), one["commands"]
            )
            for name, one in json.loads(answer).items()
            if one["modules"]
        }

    def _import(self, name: str, listed: _Listed, places: Sequence[str]) -> Failed | None:
        mark, modules = f"accel-doctor-import-{secrets.token_hex(8)}:", listed.modules
        inside, commands = "" if listed.of_this_python else "all", json.dumps(listed.commands)
        done = self._run(IMPORT, [*places, mark, inside, commands, *modules], _IMPORT_TIMEOUT)
        failures = read_failures(done.output, mark)
        judgment = judged(name, modules, failures)
        tried = read_inner_count(done.output, mark)
        if tried is not None:  # what ends the process after that says nothing
            done = replace(done, returncode=0)
        judge = InnerJudge(self.rules, self.interpreter.feature_version, tried or 0, listed.extras)
        judgment = judge.added(judgment, failures, name, listed.commands)
        if done.returncode == 0 and not judgment.failing:
            for failure in judgment.noted:
                part = f"command {failure.command}" if failure.command else f"module {failure.module}"
                self.note(f"{name} can be imported, but not its {part}: {failure}")
            return None
        log = self.logs.new_log("import", name)
        log.write_text(self._told(done, mark, modules, judgment), encoding="utf-8", errors="replace")
        code = 0 if judgment.failing and all(failure.inner for failure in judgment.failing) else done.returncode or 1
        return Failed(name, log, "import", code, done.seconds)

    def _told(self, done: Completed, mark: str, modules: Sequence[str], judgment: Judgment) -> str:
        """Return the log of a failed import: its command, its output, and what ended it."""
        shown = shlex.join([str(self.interpreter.executable), "-c", f"import {', '.join(modules)}"])
        printed = "\n".join(line for line in done.output.splitlines() if line and not line.startswith(mark))
        failures = "".join(failure.lines for failure in judgment.failing)
        return f"$ {shown}\n{printed}{chr(10) * bool(printed)}{done.stderr}{failures}{_ending(done)}"

    def _run(self, code: str, arguments: Sequence[str], timeout: float, stdin: str | None = None) -> Completed:
        # -B: write no bytecode into the environment
        argv = [str(self.interpreter.executable), "-I", "-B", "-c", code, *arguments]
        with tempfile.TemporaryDirectory(prefix="accel-doctor-import-") as empty:
            # What is imported may lie anywhere: editable projects. The user's own directory tells where user sites are.
            home = {} if "user" in arguments[:3] else {"HOME": empty}
            confined = self.sandbox.command(argv, Rights(readable=None, writable=(Path(empty),)))
            told = {**home, "TMPDIR": empty}
            return self.runner.capture(confined, environment=told, directory=Path(empty), stdin=stdin, timeout=timeout)


def _ending(done: Completed) -> str:
    """Return the message for a Python that ended without a traceback."""
    if done.seconds >= _IMPORT_TIMEOUT:
        return f"error: the import timed out after {_IMPORT_TIMEOUT:.0f} seconds\n"
    return f"error: the import was killed by signal {-done.returncode}\n" if done.returncode < 0 else ""
