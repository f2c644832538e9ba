"""Numbers in words. Pure; imports nothing, since the quickest runs say nothing else."""

from __future__ import annotations


def count(number: int, one: str, many: str | None = None) -> str:
    """A number with its noun: ``1 wheel``, ``2 wheels``."""
    return f"{number} {one if number == 1 else many or one + 's'}"


def installed_line(packages: int, built: int, kept: int, where: str, seconds: float) -> str:
    """The last line of a run that installed something: ``built`` of the packages in it, ``kept`` out of the store."""
    parts = [f"{built} built here"] if built else []
    parts += [f"{kept} from the wheel store"] if kept else []
    detail = f" ({', '.join(parts)})" if parts else ""
    return f"installed {count(packages, 'package')}{detail} into {where}, {seconds:.1f} s"
