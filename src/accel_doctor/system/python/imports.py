"""Check that installed packages can be imported: in the interpreter they were installed into, one distribution at a
time, so that a crash is attributed to the right one."""

from __future__ import annotations

import json
import shlex
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from accel_doctor.errors import ToolError
from accel_doctor.interfaces import Logs, Runner
from accel_doctor.model.builds import Failed
from accel_doctor.model.machine import Interpreter
from accel_doctor.model.processes import Completed
from accel_doctor.model.requests import InstallRequest

_LIST_TIMEOUT = 60.0  # seconds
_IMPORT_TIMEOUT = 120.0
_MARK = "accel-doctor-modules:"

# Both run inside the target, Python 3.8 or later, isolated (-I): without this directory and PYTHONPATH.
_PREAMBLE = r"""
import glob, os, site, sys
target, prefix, user = sys.argv[1:4]
below = os.path.join(glob.escape(prefix), "lib*", "python*", "*-packages")
for folder in [target] * bool(target) + glob.glob(below) * bool(prefix):
    sys.path.insert(0, folder)
    site.addsitedir(folder)
if user:
    site.addsitedir(site.getusersitepackages())
"""
_LIST = (
    _PREAMBLE
    + r"""
import json
from importlib.machinery import EXTENSION_SUFFIXES
from importlib.metadata import PackageNotFoundError, distribution

# What some distributions leave at the top by mistake is not theirs to be imported.
STRAY = {"benchmarks", "build", "conftest", "doc", "docs", "example", "examples", "scripts", "setup", "test", "tests"}

def module_of(name):
    for suffix in (*EXTENSION_SUFFIXES, ".py"):
        if name.endswith(suffix):
            return name[:-len(suffix)]

def modules(files):
    found = set()
    for file in files:
        *folders, name = file.parts
        module = module_of(name)
        if module is None or ".." in folders or not all(map(str.isidentifier, [*folders, module])):
            continue
        if module == "__init__":
            found.add(tuple(folders))
        elif not folders:
            found.add((module,))
    tops = [parts for parts in found if parts and not any(parts[:end] in found for end in range(1, len(parts)))]
    return sorted(".".join(parts) for parts in tops if parts[0] not in STRAY and not parts[0].startswith("__"))

answer = {}
for name in json.loads(sys.stdin.read()):
    try:
        answer[name] = modules(distribution(name).files or ())[:20]
    except PackageNotFoundError:
        pass
print(sys.argv[4] + json.dumps(answer))
"""
)
_IMPORT = (
    _PREAMBLE
    + r"""
import importlib
names = sys.argv[4:]
del sys.argv[1:]
for name in names:
    importlib.import_module(name)
"""
)


@dataclass(frozen=True)
class Imports:
    """Imports distributions in the target ``interpreter``, ``jobs`` in parallel, each with its own log."""

    interpreter: Interpreter
    runner: Runner
    logs: Logs
    jobs: int

    def failing(self, names: Sequence[str], request: InstallRequest) -> list[Failed]:
        """Return the installed distributions among ``names`` that have a module that cannot be imported.

        Raises ToolError if the interpreter cannot list their modules.
        """
        places = (str(request.target or ""), str(request.prefix or ""), "user" if request.user else "")
        modules = self._modules(names, places)
        from concurrent.futures import ThreadPoolExecutor

        with ThreadPoolExecutor(max_workers=self.jobs, thread_name_prefix="import") as pool:
            outcomes = list(pool.map(lambda name: self._import(name, modules[name], places), modules))
        return [failed for failed in outcomes if failed]

    def _modules(self, names: Sequence[str], places: Sequence[str]) -> dict[str, list[str]]:
        done = self._run(_LIST, [*places, _MARK], _LIST_TIMEOUT, stdin=json.dumps(list(names)))
        _, mark, answer = done.output.rpartition(_MARK)
        if done.returncode or not mark:
            words = (done.stderr.strip() or done.output.strip() or f"return code {done.returncode}").splitlines()[-1]
            raise ToolError(f"{self.interpreter.executable} cannot list the installed modules: {words[:200]}")
        found: dict[str, list[str]] = json.loads(answer)
        return {name: modules for name, modules in found.items() if modules}

    def _import(self, name: str, modules: Sequence[str], places: Sequence[str]) -> Failed | None:
        done = self._run(_IMPORT, [*places, *modules], _IMPORT_TIMEOUT)
        if done.returncode == 0:
            return None
        log = self.logs.new_log("import", name)
        shown = shlex.join([str(self.interpreter.executable), "-c", f"import {', '.join(modules)}"])
        log.write_text(f"$ {shown}\n{done.output}{done.stderr}{_ending(done)}", encoding="utf-8", errors="replace")
        return Failed(name, log, "import", done.returncode, done.seconds)

    def _run(self, code: str, arguments: Sequence[str], timeout: float, stdin: str | None = None) -> Completed:
        # -B: write no bytecode into the environment
        argv = [str(self.interpreter.executable), "-I", "-B", "-c", code, *arguments]
        with tempfile.TemporaryDirectory(prefix="accel-doctor-import-") as empty:
            return self.runner.capture(argv, directory=Path(empty), stdin=stdin, timeout=timeout)


def _ending(done: Completed) -> str:
    """Return the message for a Python that ended without a traceback."""
    if done.seconds >= _IMPORT_TIMEOUT:
        return f"error: the import timed out after {_IMPORT_TIMEOUT:.0f} seconds\n"
    return f"error: the import was killed by signal {-done.returncode}\n" if done.returncode < 0 else ""
