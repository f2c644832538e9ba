"""Put wheels, or what an index has, into a directory: the last step of ``wheel`` and ``download``."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from accel_doctor.builder.collecting import Collector, with_projects_archived
from accel_doctor.cli.assembly import assembled_doctor
from accel_doctor.cli.session import Session
from accel_doctor.cli.terminal.interrupts import interruption_told
from accel_doctor.errors import ExitCode
from accel_doctor.interfaces import Frontend
from accel_doctor.model.plans import Policy, Result
from accel_doctor.model.requests import InstallRequest
from accel_doctor.report.change_text import collected_line, collected_lines
from accel_doctor.system.process.scratch import scratch_directory
from accel_doctor.system.python.interpreter import supported_tags

if TYPE_CHECKING:
    from accel_doctor.store.levels.opening import LevelSettings


@dataclass(frozen=True)
class Collection:
    """Collect the files of a request in the directory ``place``: wheels, built where there are none; or what there
    is."""

    session: Session
    frontend: Frontend
    place: Path
    policy: Policy
    jobs: int
    built: bool
    levels: LevelSettings | None = None

    def made_of(self, request: InstallRequest) -> Result:
        """Collect the files of all that the request asks for, wherever it is installed, and tell them.

        Raises AccelDoctorError.
        """
        began, session = time.monotonic(), self.session
        request = replace(request, reinstall=True, target=None, prefix=None, user=False)
        with (
            scratch_directory() as work,
            session.interrupts.watched(),
            closing(session.reporter),
            assembled_doctor(session, self.frontend, self.policy, self.jobs, self.levels) as doctor,
            interruption_told(session.reporter, doctor.treatment.transactions, session.logs),
        ):
            result = doctor.build(with_projects_archived(request, work)) if self.built else doctor.lock(request)
            files = self._files(result, request) if result.code is ExitCode.DONE else ()
        session.logs.forget_old()
        if result.code is ExitCode.DONE:
            made = {one.wheel.path.name: one.reused for one in result.built}
            session.reporter.changes(collected_lines([path.name for path in files], made))
            seconds = time.monotonic() - began
            session.reporter.summary(collected_line(len(files), made, str(self.place), seconds))
        return result

    def _files(self, result: Result, request: InstallRequest) -> Sequence[Path]:
        session = self.session
        if result.locked is None:
            return ()
        tags, variables = supported_tags(session.interpreter, session.platforms), session.invocation.variables
        collector = Collector(tags, session.interpreter.environment, variables, request.index)
        return collector.collect(result.locked.lock, self.place)
