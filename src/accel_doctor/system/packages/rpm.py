"""The common part of dnf, microdnf and zypper: rpm's database, capabilities as names, simulations that need root."""

from __future__ import annotations

import re
from abc import abstractmethod
from collections.abc import Sequence
from pathlib import Path

from accel_doctor.interfaces import Runner
from accel_doctor.model.plans import Simulation
from accel_doctor.system.packages.driver import Driver, Plan
from accel_doctor.system.packages.facts import BARE_NAME, OwnerQuery, StaleListsError
from accel_doctor.system.packages.privilege import Privilege

# A name, or a capability such as pkgconfig(cairo): RPM's dependency generators create them, dnf and zypper accept them.
# No path, version (=, <, >), group (@), repository (:) or glob; zypper removes what begins with "-", "~" or "!".
RPM_NAMES = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9._+-]*[A-Za-z0-9_+])?(?:\([A-Za-z0-9_][A-Za-z0-9._+:-]*\))?")
RPM_OWNERS = OwnerQuery(("rpm", "-qf", "--queryformat", "%{NAME}\n", "--"), BARE_NAME)
RPM_INVENTORY = ("rpm", "-qa", "--queryformat", "%{NAME}\n")
RPM_REAL = ("rpm", "-q", "--whatprovides", "--queryformat", "%{NAME}\n", "--")
RPM_SIZES = ("rpm", "-q", "--queryformat", "%{NAME} %{LONGSIZE}\n", "--")
RPM_SIZE = re.compile(r"^(\S+) (\d+)()$", re.MULTILINE)
RPM_VERSIONS = ("rpm", "-q", "--queryformat", "%{NAME} %{VERSION}-%{RELEASE}\n", "--")


def rehearsed(output: str) -> bool:
    """Return whether dnf with ``--assumeno`` reached its prompt, where it exits as after a failure."""
    return "Operation aborted" in output or "Nothing to do" in output


def tally(rows: Sequence[tuple[str, str]], download_bytes: int | None, disk_bytes: int | None = None) -> Simulation:
    """Return the simulation of a transaction; each row is a section of the output and a package in it."""

    def under(*sections: str) -> tuple[str, ...]:
        return tuple(package for section, package in rows if section.startswith(sections))

    installs = under("Installing", "Upgrading", "Reinstalling")
    return Simulation(installs, under("Removing"), under("Downgrading"), download_bytes, disk_bytes)


class RpmDriver(Driver):
    """Drive a program that installs RPM packages."""

    _not_root: re.Pattern[str]  # the message of a simulation that needs root
    _no_weak_dependencies = ""
    _refresh: tuple[str, ...] = ()  # the command that refreshes root's metadata, if an unknown name is worth a refresh

    def __init__(self, runner: Runner, privilege: Privilege) -> None:
        super().__init__(runner, privilege)
        self._refreshed = False

    def installed(self, names: Sequence[str]) -> frozenset[str]:
        """Return the ``names`` (packages, capabilities) that an installed package provides."""
        checked = self.facts.checked(names)
        return frozenset(
            name for name in checked if self.ask("rpm", "-q", "--whatprovides", "--", name).returncode == 0
        )

    def simulate(self, names: Sequence[str]) -> Simulation | None:
        """Return the simulated transaction; None if that needs root."""
        checked = self.facts.checked(names)
        return self._foreseen(self._rehearse(checked), checked)

    def commands(self, names: Sequence[str]) -> tuple[tuple[str, ...], ...]:
        return (self._privilege.prefix(self._command(self.facts.checked(names), rehearse=False)),)

    def carry_out(self, names: tuple[str, ...], log: Path, plan: Plan) -> None:
        """Install, with metadata refreshed once if a name is unknown."""
        try:
            super().carry_out(names, log, plan)
        except StaleListsError:
            if not self._refresh:
                raise
            self._privilege.run(self._runner, self._privilege.prefix(self._refresh), log, plan)
            super().carry_out(names, log, plan)

    def foresee(self, names: tuple[str, ...], log: Path, plan: Plan) -> Simulation | None:
        simulation = self.simulate(names)
        if simulation is not None:
            return simulation
        rehearsal = self._privilege.prefix(self._command(names, rehearse=True))
        return self._foreseen(self._privilege.run(self._runner, rehearsal, log, plan).output, names)

    def _rehearse(self, names: Sequence[str]) -> str:
        """Return the output of the simulation."""
        done = self.ask(*self._command(names, rehearse=True))
        return f"{done.output}\n{done.stderr}"

    def _foreseen(self, output: str, names: Sequence[str]) -> Simulation | None:
        """Parse the output of a simulation; return None if it needs root. Raise the error if it was refused."""
        simulation = self._transaction(output)
        if simulation:
            return self.fitting(simulation)
        if self._not_root.search(output):
            return None
        raise self.refused(output, names)

    def _command(self, names: Sequence[str], *, rehearse: bool) -> tuple[str, ...]:
        """Return the command, without privilege, that installs or with ``rehearse`` simulates."""
        answer = "--assumeno" if rehearse else "-y"
        return (self.facts.program, answer, self._no_weak_dependencies, "install", "--", *names)

    @abstractmethod
    def _transaction(self, output: str) -> Simulation | None:
        """Return the transaction in the output of a simulation; None if there is none."""
