"""What dnf and zypper have in common: rpm's database, capabilities as names, a rehearsal that only root may see."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path

from accel_doctor.errors import NetworkError, PackageManagerError
from accel_doctor.interfaces import Runner
from accel_doctor.model import Need, Provider, Simulation
from accel_doctor.system.packages.facts import ManagerFacts
from accel_doctor.system.packages.privilege import Privilege
from accel_doctor.system.packages.questions import Questions
from accel_doctor.system.packages.space import refuse_without_space
from accel_doctor.system.packages.transactions import (
    ENGLISH,
    UnknownNameError,
    checked_names,
    refuse_losses,
    refuse_missing,
)
from accel_doctor.system.process.runner import TIMED_OUT

# A name, or a capability such as pkgconfig(cairo): RPM's dependency generators write them, dnf and zypper take them.
# No path, version (=, <, >), group (@), repository (:) or glob; zypper removes what begins with "-", "~" or "!".
RPM_NAMES = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9._+-]*[A-Za-z0-9_+])?(?:\([A-Za-z0-9_][A-Za-z0-9._+:-]*\))?")


class RpmPackageManager(ABC):
    """Implements most of :class:`accel_doctor.interfaces.PackageManager`; subclasses know one program's words."""

    facts: ManagerFacts
    downloads_to: str
    succeeded = frozenset({0})  # return codes after which the packages may all be there
    _refresh: tuple[str, ...] = ()  # the command that makes root's metadata new, where an unknown name is worth one
    _patience: float | None = None  # seconds for a rehearsal that does not itself give up waiting for a lock

    def __init__(self, runner: Runner, privilege: Privilege) -> None:
        self._runner = runner
        self._privilege = privilege
        self._questions = Questions(runner)
        self.privileged = privilege.tool is not None

    def installed(self, names: Sequence[str]) -> frozenset[str]:
        """Those of ``names`` (packages, capabilities, files) that an installed package provides."""
        return frozenset(
            name
            for name in self._checked(names)
            if self._runner.capture(["rpm", "-q", "--whatprovides", "--", name], environment=ENGLISH).returncode == 0
        )

    @property
    def name(self) -> str:
        """What it is called in rule files and messages."""
        return self.facts.name

    @abstractmethod
    def available(self, names: Sequence[str]) -> frozenset[str]:
        """Those of ``names`` that a repository provides; all of them where no repository can be read."""

    def providers(self, need: Need) -> tuple[Provider, ...]:
        """Nobody, where a program does not tell."""
        return ()

    def simulate(self, names: Sequence[str]) -> Simulation | None:
        """What would be done; None where that is told only to root.

        Raises PackageManagerError, quoting the package manager, for unknown names and for dependencies that cannot be
        met, NetworkError where no repository can be reached.
        """
        checked = self._checked(names)
        return self._fitting(self._rehearse(checked), checked)

    def commands(self, names: Sequence[str]) -> tuple[tuple[str, ...], ...]:
        """The one command that installs."""
        return (self._privilege.prefix(self._transaction(self._checked(names))),)

    def install(self, names: Sequence[str], log: Path) -> None:
        """Simulate, as root where need be, refuse removals and downgrades, install, verify; with metadata refreshed
        once where a name is unknown."""
        checked = self._checked(names)
        plan = self.commands(checked)
        try:
            self._install(checked, log, plan)
        except UnknownNameError:
            if not self._refresh:
                raise
            self._privilege.run(self._runner, self._privilege.prefix(self._refresh), log, plan)
            self._install(checked, log, plan)
        refuse_missing(sorted(frozenset(checked) - self.installed(checked)), self.name, log)

    def _install(self, checked: tuple[str, ...], log: Path, plan: Sequence[Sequence[str]]) -> None:
        simulation = self.simulate(checked)
        if simulation is None:
            rehearsal = self._privilege.prefix(self._rehearsal(checked))
            done = self._privilege.run(self._runner, rehearsal, log, plan)
            simulation = self._fitting(done.output, checked)
        if simulation is not None:
            refuse_losses(simulation, self.name)
        done = self._privilege.run(self._runner, plan[0], log, plan)
        if done.returncode not in self.succeeded:
            raise self._failure(done.output, done.returncode, log)

    def _rehearse(self, names: Sequence[str]) -> str:
        """What the rehearsal prints; where it takes too long, what it printed by then says that it waits for a lock."""
        done = self._runner.capture(self._rehearsal(names), environment=ENGLISH, timeout=self._patience)
        output = f"{done.output}\n{done.stderr}"
        if done.returncode == TIMED_OUT and not self._waits(output):  # a slow network
            done = self._runner.capture(self._rehearsal(names), environment=ENGLISH)
            output = f"{done.output}\n{done.stderr}"
        return output

    def _waits(self, output: str) -> bool:
        """Whether an output says that a lock is being waited for."""
        return False

    def _fitting(self, output: str, names: Sequence[str]) -> Simulation | None:
        simulation = self._simulation(output, names)
        if simulation is not None:
            refuse_without_space(simulation, self.downloads_to, self._runner, self.name)
        return simulation

    def _checked(self, names: Sequence[str]) -> tuple[str, ...]:
        return checked_names(names, self.facts)

    @abstractmethod
    def _rehearsal(self, names: Sequence[str]) -> tuple[str, ...]:
        """The command that shows what :meth:`_transaction` would do."""

    @abstractmethod
    def _transaction(self, names: Sequence[str]) -> tuple[str, ...]:
        """The command that installs, without privilege."""

    @abstractmethod
    def _simulation(self, output: str, names: Sequence[str]) -> Simulation | None:
        """What a rehearsal's output says; raises for a refusal, None where only root is told."""

    @abstractmethod
    def _failure(self, output: str, returncode: int, log: Path) -> PackageManagerError | NetworkError:
        """The error that a failed transaction stands for."""
