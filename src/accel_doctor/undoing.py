"""Plan the removal of what a run installed: of that, what is still here and nothing else needs."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from accel_doctor.errors import UsageError
from accel_doctor.interfaces import PackageRemover
from accel_doctor.model.plans import JournalEntry
from accel_doctor.model.removals import PackageRemoval
from accel_doctor.wording import count, listed

_MOST_NAMED = 3


def chosen(entries: Sequence[JournalEntry], numbers: Collection[int]) -> list[JournalEntry]:
    """Return the entries with these numbers or, without any, those of the last run that installed packages and was not
    undone. Raises UsageError if there are none."""
    installing = {entry.number: entry for entry in entries if entry.packages}
    if unknown := sorted(set(numbers) - installing.keys()):
        raise UsageError(
            f"{listed(list(map(str, unknown)))}: no such number of a run that installed system packages",
            hint="accel-doctor history shows them",
        )
    undone = {number for entry in entries for number in entry.undoes}
    left = [entry for number, entry in installing.items() if number not in undone]
    if numbers:
        return [installing[number] for number in sorted(numbers)]
    if not left:
        raise UsageError("nothing to undo: no system packages were installed here, or all of that was undone")
    return [entry for entry in left if entry is left[-1] or (entry.run and entry.run == left[-1].run)]


def removed_before(entries: Sequence[JournalEntry], numbers: Collection[int]) -> dict[str, str]:
    """Return the packages that were removed when these entries were undone before, each with the time."""
    undoing = [entry for entry in entries if set(entry.undoes) & set(numbers)]
    return {name: entry.time for entry in undoing for name in entry.removed}


def plan_removal(
    entries: Sequence[JournalEntry], before: Collection[str], needed: Mapping[str, str], remover: PackageRemover
) -> PackageRemoval:
    """Return what to remove of what these entries installed.

    ``before`` was removed before, and what has that name now is not theirs; ``needed`` are packages that wheels are
    linked with, each with the reason to keep it. Raises PackageManagerError if the package manager refuses.
    """
    named = remover.real(sorted({package.name for entry in entries for package in entry.packages}))
    new = {name for entry in entries for name in (named if entry.new is None else entry.new)} - set(before)
    here = new & remover.inventory()
    kept = {name: needed[name] for name in here & needed.keys()}
    kept |= dict.fromkeys(here & remover.explicit() - named, "marked as manually installed since")
    needing = remover.needed(frozenset(here - kept.keys()))
    kept |= {name: _needed_by(sorted(others)) for name, others in needing.items()}
    if packages := sorted(here - kept.keys()):
        remover.refuse_more(frozenset(packages))
    return PackageRemoval(
        undoes=tuple(entry.number for entry in entries),
        packages=tuple(packages),
        kept=kept,
        gone=tuple(sorted(new - here)),
        sizes=remover.sizes(packages) if packages else {},
        commands=remover.commands(packages) if packages else (),
        along_unknown=any(entry.new is None for entry in entries),
    )


def _needed_by(others: Sequence[str]) -> str:
    more = len(others) - _MOST_NAMED
    return f"needed by {listed([*others[:_MOST_NAMED], *([count(more, 'other') if more else ''] if more > 0 else [])])}"
