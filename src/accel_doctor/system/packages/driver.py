"""The common part of all package managers: simulate, refuse removals and a full disk, install, verify."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import ClassVar

from rich.filesize import decimal

from accel_doctor.errors import NetworkError, PackageManagerError
from accel_doctor.interfaces import PackageManager, Runner
from accel_doctor.model.cures import Provider
from accel_doctor.model.needs import Need
from accel_doctor.model.plans import Simulation
from accel_doctor.model.processes import Completed
from accel_doctor.system.packages.facts import AGAIN, ENGLISH, ManagerFacts
from accel_doctor.system.packages.privilege import Privilege
from accel_doctor.system.packages.questions import Questions
from accel_doctor.system.packages.removal import Remover, inventory

_UNPACKED_TO = "/usr"  # where development packages install all but a few small files


def refuse_without_space(simulation: Simulation, downloads_to: str, runner: Runner, manager: str) -> None:
    """Raise PackageManagerError if the disk has no space for what would be downloaded and unpacked.

    Package managers notice later, apt with half of it unpacked. If df(1) gives no answer, nothing is refused.
    """
    needed: dict[str, int] = {}
    free: dict[str, int] = {}
    for path, size in ((_UNPACKED_TO, simulation.disk_bytes), (downloads_to, simulation.download_bytes)):
        found = _file_system(path, runner) if size and size > 0 else None
        if found and size:
            place, available = found
            free[place] = available
            needed[place] = needed.get(place, 0) + size
    lacking = [
        f"{place} needs {decimal(size)} and has {decimal(free[place])} free"
        for place, size in needed.items()
        if size > free[place]
    ]
    if lacking:
        raise PackageManagerError(
            f"refused, nothing was changed: not enough disk space for {manager}: {'; '.join(lacking)}",
            hint="free some disk space, then run the same command again",
        )


def _file_system(path: str, runner: Runner) -> tuple[str, int] | None:
    """Return mount point and free bytes of the file system of a path, or of its nearest existing parent."""
    for place in map(str, (path, *PurePosixPath(path).parents)):
        done = runner.capture(["df", "-Pk", place], environment=ENGLISH)
        # POSIX: Filesystem 1024-blocks Used Available Capacity Mounted-on
        columns = done.output.splitlines()[-1].split(None, 5) if done.returncode == 0 and done.output else []
        if len(columns) == 6 and columns[1].isdigit() and columns[3].lstrip("-").isdigit():
            # A file system without a size (seen in some containers) says nothing about free space.
            return (columns[5], int(columns[3]) * 1024) if int(columns[1]) else None
    return None


Plan = Sequence[Sequence[str]]


class Driver(PackageManager):
    """The common part of all package managers; a subclass implements one program."""

    facts: ClassVar[ManagerFacts]
    variables: ClassVar[Mapping[str, str]] = ENGLISH  # for queries
    succeeded: ClassVar[frozenset[int]] = frozenset({0})  # return codes after which all packages may be installed

    def __init__(self, runner: Runner, privilege: Privilege) -> None:
        self._runner = runner
        self._privilege = privilege
        self._questions = Questions(runner)

    @property
    def name(self) -> str:
        return self.facts.name

    @property
    def privileged(self) -> bool:
        return self._privilege.tool is not None

    @property
    def needs_root(self) -> bool:
        return self.facts.refuses_root is None

    def listed(self, names: Sequence[str]) -> frozenset[str]:
        return frozenset()  # for a program that does not distinguish a missing list from a missing package

    def providers(self, need: Need) -> tuple[Provider, ...]:
        return ()  # for a program that does not tell

    def versions(self, names: Sequence[str]) -> Mapping[str, str]:
        return {}

    def denies(self, need: Need) -> bool:
        return False

    def inventory(self) -> frozenset[str]:
        return inventory(self.facts, self._runner)

    def remover(self, log: Path) -> Remover | None:
        how = self.facts.removal
        return Remover(self.facts, how, self._runner, self._privilege, log) if how else None

    def install(self, names: Sequence[str], log: Path) -> None:
        """Simulate, refuse removals and downgrades, install, verify.

        Raises PackageManagerError also if packages are missing although the program reported success.
        """
        checked = self.facts.checked(names)
        self.carry_out(checked, log, self.commands(checked))
        missing = sorted(frozenset(checked) - self.installed(checked))
        if missing:
            raise PackageManagerError(
                f"{self.facts.program} reported success, but these are not installed: {', '.join(missing)}",
                log=log,
                hint=f"read {log}",
            )

    def fetch(self, names: Sequence[str], log: Path) -> None:
        """Run the commands with the option that only downloads; without ``names``, only those that fetch lists."""
        if self._privilege.tool != "" or not self.facts.download_only:
            return
        *lists, install = self.commands(names)
        end = install.index("--")
        download = (*install[:end], self.facts.download_only, *install[end:])
        for command in (*lists, *([download] if names else [])):
            self._runner.record(command, log, environment=ENGLISH)

    def carry_out(self, names: tuple[str, ...], log: Path, plan: Plan) -> None:
        """Simulate, refuse removals and downgrades, and run the last command of the plan."""
        simulation = self.foresee(names, log, plan)
        if simulation is not None and simulation.objection:
            program = self.facts.program
            raise PackageManagerError(
                f"refused, nothing was changed: {program} would {simulation.objection}",
                hint=f"if that is what you want, install with {program} yourself, {AGAIN}",
            )
        done = self._privilege.run(self._runner, plan[-1], log, plan)
        if done.returncode not in self.succeeded:
            raise self.failed(done, log)

    def foresee(self, names: tuple[str, ...], log: Path, plan: Plan) -> Simulation | None:
        """Return the simulated transaction, run with privilege if necessary."""
        return self.simulate(names)

    def refused(self, output: str, names: Sequence[str]) -> PackageManagerError | NetworkError:
        """Return the error for the output of a failed simulation."""
        return self.facts.failure(output, f"{self.facts.program} cannot install {' '.join(names)}:", None)

    def failed(self, done: Completed, log: Path) -> PackageManagerError | NetworkError:
        """Return the error for a failed transaction."""
        lead = f"{self.facts.program} failed (return code {done.returncode}):"
        return self.facts.failure(done.output, lead, log, self.mend(done.output))

    def mend(self, output: str) -> str:
        """Return how to repair a half-finished installation first, for the hint of an error."""
        return ""

    def fitting(self, simulation: Simulation) -> Simulation:
        """Return the simulation. Raises PackageManagerError if the disk has no space for it."""
        refuse_without_space(simulation, self.facts.downloads_to, self._runner, self.facts.program)
        return simulation

    def ask(self, *argv: str) -> Completed:
        """Run a command that changes nothing, with output in English."""
        return self._runner.capture(argv, environment=self.variables)
