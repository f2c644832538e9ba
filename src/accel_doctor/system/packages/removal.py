"""Remove system packages: the one place that does. Exactly those that are named, or none."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from accel_doctor.errors import PackageManagerError
from accel_doctor.interfaces import Runner
from accel_doctor.model.processes import Completed
from accel_doctor.system.packages.facts import ENGLISH, ManagerFacts, RemovalFacts, printed, size_in_bytes
from accel_doctor.system.packages.privilege import Privilege
from accel_doctor.wording import listed


def inventory(facts: ManagerFacts, runner: Runner) -> frozenset[str]:
    """Return the names of all installed packages; none for a package manager that removes none."""
    removal = facts.removal
    return frozenset(removal.installed.findall(printed(runner, removal.inventory))) if removal else frozenset()


class Remover:
    """Implement :class:`accel_doctor.interfaces.PackageRemover` by the facts of a package manager."""

    def __init__(self, facts: ManagerFacts, how: RemovalFacts, runner: Runner, privilege: Privilege, log: Path) -> None:
        self._facts = facts
        self._how = how
        self._runner = runner
        self._privilege = privilege
        self._log = log

    def inventory(self) -> frozenset[str]:
        return inventory(self._facts, self._runner)

    def explicit(self) -> frozenset[str]:
        return frozenset(self._how.marked.findall(printed(self._runner, self._how.marks)))

    def real(self, names: Sequence[str]) -> frozenset[str]:
        checked = self._facts.checked(names)
        if not self._how.real:
            return frozenset(checked)
        answers = [self._runner.capture((*self._how.real, name), environment=ENGLISH) for name in checked]
        return frozenset(word for done in answers if done.returncode == 0 for word in done.output.split())

    def sizes(self, names: Sequence[str]) -> Mapping[str, int]:
        shown = printed(self._runner, (*self._how.size_query, *self._facts.checked(names)))
        return {name: size_in_bytes(number, unit, 1024) for name, number, unit in self._how.size.findall(shown)}

    def simulate(self, names: Sequence[str]) -> frozenset[str]:
        command = (*self._how.simulation, *self._facts.checked(names))
        done = self._runner.capture(command, environment=ENGLISH)
        output = f"{done.output}\n{done.stderr}"
        if self._how.not_root and self._how.not_root.search(output) and self._privilege.tool != "":
            asked = self._privilege.prefix(command)
            done = self._privilege.run(self._runner, asked, self._log, self.commands(names))
            output = done.output
        if not self._was_simulated(done, output):
            program = self._facts.program
            raise self._facts.failure(output, f"{program} cannot remove {' '.join(names)}:", None)
        return frozenset(self._how.changed.findall(done.output))

    def _was_simulated(self, done: Completed, output: str) -> bool:
        return done.returncode == 0 or bool(self._how.simulated and self._how.simulated.search(output))

    def commands(self, names: Sequence[str]) -> tuple[tuple[str, ...], ...]:
        command = (*self._how.command, *self._facts.checked(names))
        return (self._privilege.prefix(command, {} if self._privilege.terminal else self._how.quiet),)

    def remove(self, names: Sequence[str]) -> None:
        wanted = frozenset(self._facts.checked(names))
        self.refuse_more(wanted)
        before = self.inventory()
        (command,) = plan = self.commands(names)
        done = self._privilege.run(self._runner, command, self._log, plan)
        left = self.inventory()
        if done.returncode != 0 and wanted & left:
            lead = f"{command[0]} failed (return code {done.returncode}):"
            raise self._facts.failure(done.output, lead, self._log)
        if (still := wanted & left) or (more := before - left - wanted):
            told = f"still installed: {_names(still)}" if still else f"also removed: {_names(more)}"
            raise PackageManagerError(
                f"{self._facts.program} reported success, but {told}", log=self._log, hint=f"read {self._log}"
            )

    def needed(self, free: frozenset[str]) -> Mapping[str, Sequence[str]]:
        if not free or self.simulate(sorted(free)) <= free:
            return {}
        if self._how.requirements:
            return _needed(free, printed(self._runner, self._how.requirements))
        others = {name: sorted(self.simulate([name]) - free) for name in sorted(free)}
        return {name: some for name, some in others.items() if some}

    def refuse_more(self, wanted: frozenset[str]) -> None:
        """Raise PackageManagerError if removing these packages would change others."""
        if more := self.simulate(sorted(wanted)) ^ wanted:
            raise PackageManagerError(
                f"refused, nothing was changed: {self._facts.program} would not remove exactly these packages: "
                f"{_names(more)}",
                hint=f"look at what {' '.join(self._how.simulation)} says, with the names of the packages",
            )


def _needed(free: frozenset[str], status: str) -> dict[str, list[str]]:
    """Return those in ``free`` that packages outside need, directly or through others of these. Of alternatives, each
    counts as needed: simulating them one by one would be exact, and take a second for each."""
    rows = [row for row in (line.split("\t") for line in status.splitlines()) if len(row) == 3]
    providers: dict[str, set[str]] = {}
    for package, provided, _ in rows:
        for name in {package, *_relations(provided)} if package in free else ():
            providers.setdefault(name, set()).add(package)
    requirements = {package: _relations(required) for package, _, required in rows}
    needed: dict[str, list[str]] = {}
    pending = [package for package in requirements if package not in free]
    while pending:
        package = pending.pop()
        for one in {other for name in requirements[package] for other in providers.get(name, ())} - {package}:
            if one not in needed:
                pending.append(one)
            needed.setdefault(one, []).append(package)
    return needed


def _relations(field: str) -> list[str]:
    """Return the names in a field of relations: ``libc6 (>= 2.34), awk | mawk:any``."""
    words = (relation.split() for relation in re.split("[,|]", field))
    return [word[0].partition(":")[0] for word in words if word]


def _names(names: frozenset[str]) -> str:
    return listed(sorted(names))
