"""A machine whose package manager no rule file knows: needs are named there, but nothing can be installed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from accel_doctor.errors import PackageManagerError
from accel_doctor.model import Distribution, Need, Provider, Simulation


class AbsentPackageManager:
    """Implements :class:`accel_doctor.interfaces.PackageManager` where there is none."""

    name = "no package manager"
    privileged = False

    def __init__(self, distribution: Distribution) -> None:
        self._distribution = distribution

    def installed(self, names: Sequence[str]) -> frozenset[str]:
        """Nothing."""
        return frozenset()

    def available(self, names: Sequence[str]) -> frozenset[str]:
        """Nothing."""
        return frozenset()

    def providers(self, need: Need) -> tuple[Provider, ...]:
        """Nobody."""
        return ()

    def simulate(self, names: Sequence[str]) -> Simulation | None:
        """Nothing can be told."""
        return None

    def commands(self, names: Sequence[str]) -> tuple[tuple[str, ...], ...]:
        """There are none."""
        return ()

    def install(self, names: Sequence[str], log: Path) -> None:
        """Always PackageManagerError."""
        raise PackageManagerError(
            f"no rule file names the package manager of {self._distribution}",
            hint="write one: docs/how-to/add-a-rule.md",
        )
