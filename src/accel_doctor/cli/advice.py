"""Advice that is prepared when it is first asked for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property

from accel_doctor.interfaces import Adviser
from accel_doctor.model import Need, Plan, Reason


class AdviserWhenAsked:
    """Implements :class:`accel_doctor.interfaces.Adviser` with one that is made at the first question."""

    def __init__(self, make: Callable[[], Adviser]) -> None:
        self._make = make

    @cached_property
    def _adviser(self) -> Adviser:
        return self._make()

    def plan(self, reasons: Sequence[Reason]) -> Plan:
        """Its plan."""
        return self._adviser.plan(reasons)

    def known_needs(self, package: str) -> tuple[Need, ...]:
        """What it knows of a Python package."""
        return self._adviser.known_needs(package)

    def installed_for(self, package: str) -> tuple[str, ...]:
        """What it knows to be installed for a Python package's build."""
        return self._adviser.installed_for(package)

    def companions(self, need: Need) -> tuple[Need, ...]:
        """What it expects to be asked for next."""
        return self._adviser.companions(need)

    def is_sdist_only(self, package: str) -> bool:
        """What it knows of a Python package's wheels."""
        return self._adviser.is_sdist_only(package)
