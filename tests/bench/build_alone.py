"""Build archives one after another, with and without the sandbox in turn, and print what each took: for ``sandbox.py``.

    python build_alone.py ROUNDS DIRECTORY ARCHIVE...

Prints one object of JSON: for ``on`` and ``off``, by the name of each archive, its builds: the wheel that was made
(null if none), the seconds, and the processor time of all its processes.
"""

from __future__ import annotations

import json
import os
import resource
import shutil
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from accel_doctor.builder.bytecode import LibraryBytecode
from accel_doctor.builder.wheel_builds import Builds
from accel_doctor.cli.session import Session, started
from accel_doctor.frontends.choice import FrontendParts, choose_frontend
from accel_doctor.model.processes import Isolation, SandboxChoice
from accel_doctor.model.requests import BuildSettings, Connection, IndexSettings
from accel_doctor.requirements.pip_configuration import read_configuration
from accel_doctor.system.file_reader import FileReader

Made = dict[str, list[tuple[str | None, float, float]]]


def main(rounds: int, directory: Path, archives: Sequence[Path]) -> dict[str, Made]:
    """Build each archive in each round with and without, beginning with the other in the next."""
    made: dict[str, Made] = {"on": {}, "off": {}}
    ways = {"on": _builds("on", directory), "off": _builds("off", directory)}
    for archive in archives:
        for number in range(rounds):
            for choice in ("on", "off") if number % 2 else ("off", "on"):
                made[choice].setdefault(archive.name, []).append(_built(ways[choice], archive, directory))
    return made


def _builds(choice: SandboxChoice, directory: Path) -> Builds:
    invocation = started()
    session = Session(invocation, isolation=Isolation(choice))
    interpreter, variables = session.interpreter, invocation.variables
    configuration = read_configuration(invocation, interpreter.prefix, FileReader(Connection(), variables))
    parts = FrontendParts(session.runner, session.sandbox, interpreter, variables, directory / "cache", configuration)
    bytecode = LibraryBytecode(interpreter, directory / f"bytecode-{choice}")
    return Builds(choose_frontend("uv", parts), session.runner, session.sandbox, interpreter, variables, bytecode)


def _built(builds: Builds, archive: Path, directory: Path) -> tuple[str | None, float, float]:
    work, log = directory / "work", directory / f"{archive.name}.log"
    work.mkdir(parents=True)
    for one in (directory, work):
        one.chmod(0o755)
    begun, before, plain = time.monotonic(), _spent(), BuildSettings()
    done = builds.wheel_of(archive.name, archive, "", plain, IndexSettings(), work, log, lambda line: None)
    taken = time.monotonic() - begun, _spent() - before
    shutil.rmtree(work)
    return done.wheel.name if done.wheel else None, *taken


def _spent() -> float:
    times = [resource.getrusage(who) for who in (resource.RUSAGE_CHILDREN, resource.RUSAGE_SELF)]
    return sum(one.ru_utime + one.ru_stime for one in times)


if __name__ == "__main__":
    os.umask(0o022)
    found = main(int(sys.argv[1]), Path(sys.argv[2]), [Path(one) for one in sys.argv[3:]])
    sys.stdout.write(json.dumps(found))
