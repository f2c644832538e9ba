"""Ask uv or pip which requirements of installed distributions are not met."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

from accel_doctor.errors import ToolError
from accel_doctor.frontends.choice import find_uv
from accel_doctor.interfaces import Runner
from accel_doctor.model.machine import Interpreter

_TIMEOUT = 120.0  # seconds
# uv: The package `flask` requires `jinja2>=3.1.2`, but it's not installed
# pip: flask 3.1.3 requires jinja2, which is not installed.
# pip: requests 2.34.2 has requirement urllib3<3,>=1.26, but you have urllib3 1.19.1.
_FORMS = (
    re.compile(r"The package `(?P<name>[^`\s]+)` requires `(?P<requirement>[^`]+)`, (?P<why>but .+)"),
    re.compile(r"(?P<name>\S+) \S+ requires (?P<requirement>.+), (?P<why>which is not installed)\."),
    re.compile(r"(?P<name>\S+) \S+ has requirement (?P<requirement>.+), (?P<why>but you have .+)\."),
)


class BrokenRequirement(NamedTuple):
    """A requirement of an installed distribution that what is installed does not meet."""

    name: str
    requirement: str  # jinja2>=3.1.2
    why: str

    def __str__(self) -> str:
        return f"{self.name} requires {self.requirement}, {self.why}"


def broken_requirements(
    runner: Runner, interpreter: Interpreter, variables: Mapping[str, str]
) -> list[BrokenRequirement]:
    """Return the requirements that are not met in the interpreter's environment. Raises ToolError."""
    executable = str(interpreter.executable)
    if uv := find_uv(variables):
        argv = [str(uv), "pip", "check", "--color", "never", "--python", executable]
    else:
        argv = [executable, "-m", "pip", "check"]
    done = runner.capture(argv, timeout=_TIMEOUT)
    found = read_check(f"{done.output}\n{done.stderr}")
    if done.returncode and not found:
        words = (done.stderr.strip() or done.output.strip() or f"return code {done.returncode}").splitlines()[-1]
        raise ToolError(f"cannot check the requirements in {interpreter.prefix}: {words[:200]}")
    return found


def read_check(output: str) -> list[BrokenRequirement]:
    """Return what ``uv pip check`` or ``pip check`` reports."""
    matches = (form.fullmatch(line.strip()) for line in output.splitlines() for form in _FORMS)
    found = [BrokenRequirement(one["name"], one["requirement"], one["why"]) for one in matches if one]
    return list(dict.fromkeys(found))
