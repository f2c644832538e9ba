"""Build archives one after another, as accel-doctor builds them, and print what each took: for ``sandbox.py``.

    python build_alone.py on|off DIRECTORY ARCHIVE...

Prints one object of JSON: the name of each archive, with the wheel it became (null if none), the seconds, and the
processor time of all its processes.
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

from accel_doctor.builder.isolated_build import Builds
from accel_doctor.cli.session import Session, started
from accel_doctor.frontends.choice import FrontendParts, choose_frontend
from accel_doctor.model.processes import Isolation
from accel_doctor.model.requests import BuildSettings, Connection, IndexSettings
from accel_doctor.requirements.pip_configuration import read_configuration
from accel_doctor.system.file_reader import FileReader


def main(choice: str, directory: Path, archives: Sequence[Path]) -> dict[str, tuple[str | None, float, float]]:
    invocation = started()
    session = Session(invocation, isolation=Isolation("on" if choice == "on" else "off"))
    interpreter, variables = session.interpreter, invocation.variables
    configuration = read_configuration(invocation, interpreter.prefix, FileReader(Connection(), variables))
    parts = FrontendParts(session.runner, session.sandbox, interpreter, variables, directory / "cache", configuration)
    builds = Builds(choose_frontend("uv", parts), session.runner, session.sandbox, interpreter, variables)
    made = {}
    for archive in archives:
        work, log = directory / "work", directory / f"{archive.name}.log"
        work.mkdir(parents=True)
        for one in (directory, work):
            one.chmod(0o755)
        begun, before = time.monotonic(), _spent()
        done = builds.wheel_of(
            archive.name, archive, "", BuildSettings(), IndexSettings(), work, log, lambda line: None
        )
        made[archive.name] = (done.wheel.name if done.wheel else None, time.monotonic() - begun, _spent() - before)
        shutil.rmtree(work)
    return made


def _spent() -> float:
    times = [resource.getrusage(who) for who in (resource.RUSAGE_CHILDREN, resource.RUSAGE_SELF)]
    return sum(one.ru_utime + one.ru_stime for one in times)


if __name__ == "__main__":
    os.umask(0o022)
    found = main(sys.argv[1], Path(sys.argv[2]), [Path(one) for one in sys.argv[3:]])
    sys.stdout.write(json.dumps(found))
