"""Record a real failing build with its proven cure, as a case under ``tests/data/cases/``. Needs root and mmdebstrap.

    python tests/tools/record_case.py trixie 'psycopg2==2.9.10' psycopg2 gcc,libc6-dev libpq-dev python3-dev

builds the sdist on a fresh machine. Each STEP answers the log of the attempt before it: the system packages that log
asks for, separated by commas, ``constraint:REQUIREMENT`` for a build constraint, or ``env:NAME=VALUE`` for a variable
the next builds get. The case is kept only if every attempt but the last fails, the last one builds, and IMPORT
imports. Read the logs afterwards: that each step answers its own log is not proven by that.
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from integration.machine import Base, Machine, machine
from paths import CASES

_OF_THIS_HOST = re.compile(r"^(?:Looking in (?:indexes|links): |WARNING: Location ).*\n", re.MULTILINE)


def attempt(where: Machine, command: str, variables: dict[str, str]) -> tuple[int, str]:
    """One build; its output as a person would have it, both streams in one, without where this host gets packages."""
    done = where.run("sh", "-c", f"cd /root && {command} 2>&1", environment=variables, timeout=1800)
    return done.returncode, _OF_THIS_HOST.sub("", done.output)


def treat(where: Machine, step: str, variables: dict[str, str]) -> dict[str, object]:
    """Carry out one step; returns what the case file says of it."""
    if step.startswith("env:"):
        name, _, value = step.partition(":")[2].partition("=")
        variables[name] = value
        return {"cure": [], "env": f"{name}={value}"}
    if step.startswith("constraint:"):
        constraint = step.partition(":")[2]
        with where.path("/root/constraints.txt").open("a") as stream:
            stream.write(f"{constraint}\n")
        return {"cure": [], "constraint": constraint}
    names = step.split(",")
    where.must("apt-get", "install", "-y", "-qq", "--no-install-recommends", *names, timeout=900)
    return {"cure": names}


def record(arguments: argparse.Namespace) -> str:
    """Record into a directory; returns what is wrong with the case, or nothing."""
    name, _, version = arguments.requirement.partition("==")
    case = f"{arguments.suite}-{name.lower()}-{version}"
    directory = CASES / case
    directory.mkdir(parents=True)
    frontend = {"pip": "v/bin/pip install", "uv": "VIRTUAL_ENV=/root/v v/bin/uv pip install"}[arguments.front]
    command = f"{frontend} --build-constraint constraints.txt --no-binary {name} '{arguments.requirement}'"
    steps: list[dict[str, object]] = []
    variables: dict[str, str] = {}
    with machine(Base(arguments.suite, tuple(arguments.given))) as where:
        where.must("python3", "-m", "venv", "/root/v")
        where.must("/root/v/bin/pip", "install", "-q", "-U", "pip", *(["uv"] if arguments.front == "uv" else []))
        where.path("/root/constraints.txt").touch()
        for number, step in enumerate(arguments.steps, 1):
            code, output = attempt(where, command, variables)
            if code == 0:
                return f"attempt {number} built already: {' '.join(arguments.steps[number - 1 :])} is not needed"
            (directory / f"{number}.log").write_text(output)
            steps.append({"log": f"{number}.log", **treat(where, step, variables)})
        code, output = attempt(where, command, variables)
        if code != 0:
            return f"the last attempt failed:\n{output[-3000:]}"
        where.must("/root/v/bin/python", "-c", f"import {arguments.module}")
        python = where.must("python3", "-V").split()
    facts = {
        "id": case, "suite": arguments.suite, "requirement": arguments.requirement, "front": arguments.front,
        **({"given": arguments.given} if arguments.given else {}),
        "command": command, "import": arguments.module, "built_and_python": [version, *python], "steps": steps,
        "verified": True,
    }  # fmt: skip
    (directory / "case.json").write_text(json.dumps(facts, indent=1))
    return ""


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("suite", help="a Debian suite, such as trixie")
    parser.add_argument("requirement", help="NAME==VERSION")
    parser.add_argument("module", metavar="import", help="what to import at the end")
    parser.add_argument("steps", nargs="+", metavar="STEP")
    parser.add_argument("--given", nargs="*", default=[], metavar="PACKAGE", help="what the machine has to begin with")
    parser.add_argument("--front", choices=["pip", "uv"], default="pip")
    arguments = parser.parse_args()
    problem = record(arguments)
    if problem:
        name, _, version = arguments.requirement.partition("==")
        shutil.rmtree(CASES / f"{arguments.suite}-{name.lower()}-{version}")
        sys.exit(problem)


if __name__ == "__main__":
    main()
