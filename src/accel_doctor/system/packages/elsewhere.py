"""Package managers that are not asked: another machine's, known by name only, or none at all."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from accel_doctor.errors import PackageManagerError
from accel_doctor.model import Distribution, Need, Provider, Simulation
from accel_doctor.rulebook import Repository
from accel_doctor.system.packages.managers import MANAGERS
from accel_doctor.system.packages.repositories import enabling_commands


class PackageManagerElsewhere:
    """Implements :class:`accel_doctor.interfaces.PackageManager` for a machine that is not this one.

    Takes all names to be available there and none to be installed; its commands are those for root.
    """

    privileged = False

    def __init__(
        self,
        name: str,
        distribution: Distribution | None = None,
        repository_of: Callable[[str], Repository | None] = lambda name: None,
    ) -> None:
        """``repository_of`` tells which repository must be enabled before a package can be installed."""
        self.name = name
        self._distribution = distribution or Distribution("unknown")
        self._repository_of = repository_of

    def installed(self, names: Sequence[str]) -> frozenset[str]:
        """Return nothing."""
        return frozenset()

    def available(self, names: Sequence[str]) -> frozenset[str]:
        """Return all of them."""
        return frozenset(names)

    def providers(self, need: Need) -> tuple[Provider, ...]:
        """Return nothing."""
        return ()

    def simulate(self, names: Sequence[str]) -> Simulation | None:
        """Return None: nothing can be told."""
        return None

    def commands(self, names: Sequence[str]) -> tuple[tuple[str, ...], ...]:
        """Return what root would run there."""
        facts = MANAGERS[self.name]
        checked = facts.checked(names)
        *before, (program, *arguments) = facts.commands
        program = facts.formerly.get(self._distribution.version.partition(".")[0], program)
        repositories = [repository for name in checked if (repository := self._repository_of(name))]
        return (*enabling_commands(repositories, self._distribution), *before, (program, *arguments, *checked))

    def install(self, names: Sequence[str], log: Path) -> None:
        """Raise PackageManagerError."""
        raise PackageManagerError("packages cannot be installed on another machine from here")


class AbsentPackageManager(PackageManagerElsewhere):
    """The same for a machine whose package manager no rule file names: its needs are named, nothing is installed."""

    def __init__(self, distribution: Distribution) -> None:
        super().__init__("no package manager", distribution)

    def available(self, names: Sequence[str]) -> frozenset[str]:
        """Return nothing."""
        return frozenset()

    def commands(self, names: Sequence[str]) -> tuple[tuple[str, ...], ...]:
        """Return no command."""
        return ()

    def install(self, names: Sequence[str], log: Path) -> None:
        """Raise PackageManagerError."""
        raise PackageManagerError(
            f"no rule file names the package manager of {self._distribution}",
            hint="write one: docs/how-to/add-a-rule.md",
        )
