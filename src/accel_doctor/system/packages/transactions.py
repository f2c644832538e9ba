"""What every package manager's transaction has in common: names, losses, sizes, the words to quote."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from accel_doctor.errors import PackageManagerError
from accel_doctor.model import Simulation
from accel_doctor.system.packages.facts import ManagerFacts

# What is parsed is asked for in English.
ENGLISH = {"LC_ALL": "C"}

# What apt, dpkg, dnf, rpm, zypper, pacman and curl say where the disk is full.
_FULL = re.compile(
    r"No space left on device|enough free space in|enough free disk space|more space (?:needed )?on the"
    r"|^error: Partition|Failed writing received data to disk|\(Write failed\)"
)

_UNITS = {"": 0, "k": 1, "m": 2, "g": 3, "t": 4}
_QUOTED_LINES = 4
_QUOTED_LENGTH = 300


class UnknownNameError(PackageManagerError):
    """A name that no metadata has; the package may be newer than the metadata here."""


def checked_names(names: Sequence[str], manager: ManagerFacts) -> tuple[str, ...]:
    """Return the names without repetition, in order. Raises PackageManagerError for what is not a package name."""
    for name in names:
        if not manager.accepts(name):
            raise PackageManagerError(
                f"not a package name for {manager.name}: {name!r}",
                hint="correct the rule that names it: accel-doctor rules lint",
            )
    return tuple(dict.fromkeys(names))


def refuse_losses(simulation: Simulation, manager: str) -> None:
    """PackageManagerError when the transaction would remove or downgrade anything."""
    losses = [f"remove {name}" for name in simulation.removes]
    losses += [f"downgrade {name}" for name in simulation.downgrades]
    if losses:
        raise PackageManagerError(
            f"refused, nothing was changed: {manager} would {', '.join(losses)}",
            hint=f"if that is what you want, install with {manager} yourself, then run the same command again",
        )


def refuse_missing(missing: Sequence[str], manager: str, log: Path) -> None:
    """PackageManagerError when packages are not there although the package manager said that all went well."""
    if missing:
        raise PackageManagerError(
            f"{manager} reported success, but these are not installed: {', '.join(sorted(missing))}",
            log=log,
            hint=f"read {log}",
        )


def locked(manager: str, words: str, log: Path | None) -> PackageManagerError:
    """The error for a lock that another program holds."""
    return PackageManagerError(
        f"{manager} is locked by another program:\n{words}",
        log=log,
        hint="wait until that program has ended, then run the same command again",
    )


def full(manager: str, output: str, log: Path | None, afterwards: str = "") -> PackageManagerError | None:
    """The error for a disk that is full, if that is what an output says; ``afterwards`` is what is left to mend."""
    words = quoted(output, _FULL)
    if words is None:
        return None
    return PackageManagerError(
        f"{manager} found no room on the disk:\n{words}",
        log=log,
        hint=f"make room there, {afterwards}then run the same command again",
    )


def spoiled(manager: str, words: str, log: Path | None, next_step: str) -> PackageManagerError:
    """The error for a repository whose files are not what its own lists say, or no lists at all."""
    return PackageManagerError(
        f"{manager} got broken files from a repository:\n{words}",
        log=log,
        hint=f"{next_step}, then run the same command again; a mirror that stays broken is to be replaced",
    )


def size_in_bytes(number: str, unit: str, base: int) -> int:
    """``46.0`` and ``M`` in bytes; ``base`` is what the tool calls a kilobyte."""
    return int(float(number.replace(",", "")) * base ** _UNITS[unit[:1].lower()])


def quoted(output: str, pattern: re.Pattern[str]) -> str | None:
    """The lines of ``output`` in which the pattern is found: the first few, cut where long; None if there are none."""
    lines = [line.strip()[:_QUOTED_LENGTH] for line in output.splitlines() if pattern.search(line)]
    return "\n".join(dict.fromkeys(lines[:_QUOTED_LINES])) or None


def last_words(output: str) -> str:
    """The last lines of an output, where nothing better can be quoted."""
    lines = [line.rstrip()[:_QUOTED_LENGTH] for line in output.splitlines() if line.strip()]
    return "\n".join(lines[-_QUOTED_LINES:]) or "(it said nothing)"
