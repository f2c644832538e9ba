"""What was done to a machine, as it is remembered."""

from __future__ import annotations

from dataclasses import dataclass

from accel_doctor.model.distributions import Distribution


@dataclass(frozen=True)
class JournalNeed:
    """Why a package was installed: the need (``kind:name``), the Python package that had it, the quoted line."""

    need: str
    package: str | None
    evidence: str


@dataclass(frozen=True)
class JournalPackage:
    """A system package that was installed."""

    name: str
    confidence: str
    source: str
    needs: tuple[JournalNeed, ...]


@dataclass(frozen=True)
class JournalEntry:
    """One transaction: when (ISO 8601, UTC), on what, while doing what, by which commands, which packages and why."""

    time: str
    distribution: Distribution
    manager: str
    during: tuple[str, ...]  # the command line of ours that led to it
    commands: tuple[tuple[str, ...], ...]
    packages: tuple[JournalPackage, ...]
