"""Downloads of system packages in the background, beside resolving and building, once ``--yes`` was given."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from threading import Thread

from accel_doctor.cli.session import Session
from accel_doctor.errors import AccelDoctorError
from accel_doctor.foresight import surely_built
from accel_doctor.interfaces import Downloads, Logs, PackageManager
from accel_doctor.model.plans import Policy
from accel_doctor.model.requests import InstallRequest
from accel_doctor.system.probe import MachineProber
from accel_doctor.system.process.runner import ProcessRunner


class BackgroundDownloads(Downloads):
    """One download at a time, in a thread. ``manager`` returns a package manager of its own; ``stop`` ends all
    processes of that one."""

    def __init__(
        self, manager: Callable[[], PackageManager], logs: Logs, stop: Callable[[], None], *, allowed: bool
    ) -> None:
        self._manager = manager
        self._logs = logs
        self._stop = stop
        self._allowed = allowed
        self._thread: Thread | None = None

    def start(self, names: Sequence[str]) -> None:
        if names:
            self._begin(partial(self._fetch, names))

    def fetch_lists(self, wanted: Callable[[], bool]) -> None:
        """Fetch package lists if there are none and they are ``wanted``, at the first call only."""
        if self._thread is None:
            self._begin(lambda: self._fetch(()) if wanted() else None)

    def lists_for(self, session: Session) -> Callable[[InstallRequest], None]:
        """Return a function that begins to fetch the lists that a request will need."""
        return lambda request: self.fetch_lists(partial(_will_lack, session, request))

    def wait(self) -> None:
        if self._thread:
            self._thread.join()

    def close(self) -> None:
        """End a running download."""
        self._stop()
        self.wait()

    def _begin(self, job: Callable[[], None]) -> None:
        self.wait()
        if self._allowed:
            self._thread = Thread(target=job, name="downloads")
            self._thread.start()

    def _fetch(self, names: Sequence[str]) -> None:
        with suppress(AccelDoctorError):  # whoever installs the packages meets it again
            manager = self._manager()
            manager.fetch(names, self._logs.new_log("download", manager.name))


def background_downloads(session: Session, policy: Policy) -> BackgroundDownloads:
    """Return the downloads of a run; they never begin unless ``--yes`` covers what is installed afterwards."""
    runner = ProcessRunner(session.invocation.variables, session.invocation.directory)
    allowed = policy.yes and policy.system and not policy.dry_run
    return BackgroundDownloads(
        partial(session.package_manager_with, runner), session.logs, runner.stop, allowed=allowed
    )


def _will_lack(session: Session, request: InstallRequest) -> bool:
    """Return whether a requirement that will surely be built needs something that this machine does not have."""
    adviser = session.adviser(session.interpreter)
    prober = MachineProber(session.runner, session.interpreter, session.invocation.variables)
    built = [line.name for line in request.requirements if line.name and surely_built(line.name, request, adviser)]
    return any(prober.present(need) is False for name in built for need in adviser.known_needs(name))
