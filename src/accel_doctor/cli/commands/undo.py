"""``accel-doctor undo``: remove the system packages that a run installed and that nothing else needs."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path

import click

from accel_doctor.cli.configuration import journal_path
from accel_doctor.cli.needed_libraries import needed_by_wheels
from accel_doctor.cli.numbers import Whole
from accel_doctor.cli.options import ConfiguredCommand, PlaceOptions, argument, as_command, note, option
from accel_doctor.cli.session import Session, started
from accel_doctor.cli.terminal.printing import print_command
from accel_doctor.errors import ExitCode, PrivilegeError, UsageError
from accel_doctor.interfaces import PackageRemover
from accel_doctor.journal import removal_entry
from accel_doctor.model.plans import JournalEntry, Plan
from accel_doctor.model.removals import PackageRemoval
from accel_doctor.ownership import invoking_user, outsider
from accel_doctor.report.removal_text import removal_lines
from accel_doctor.system.distribution import machine_mark
from accel_doctor.system.packages.managers import MANAGERS
from accel_doctor.undoing import chosen, plan_removal, removed_before
from accel_doctor.wording import count, listed


@dataclass(frozen=True)
class UndoOptions:
    numbers: tuple[int, ...] = argument("NUMBER", type=Whole(min=1), nargs=-1)
    linked: bool = option("--linked", default=False, help="Remove libraries, too, that wheels are linked with.")
    dry_run: bool = option("--dry-run", default=False, help="Only show what would be removed.")
    place: PlaceOptions = PlaceOptions()


@as_command("undo", UndoOptions, cls=ConfiguredCommand)
def command(options: UndoOptions) -> int:
    """Remove the system packages that a run installed, and that nothing else needs.

    NUMBER is that of history; without one, the last run is undone. Only what the journal says was new goes, after a
    simulation, and after you agree at the terminal: no option agrees for you. What other packages need stays, and so
    do libraries that wheels here are linked with.
    """
    session = Session(started(), options.place)
    entries = session.journal.read(MANAGERS) if _is_ours(journal_path(session.invocation.variables)) else []
    undone = chosen(entries, options.numbers)
    for entry in undone:
        _refuse_elsewhere(entry, session)
    before = removed_before(entries, [entry.number for entry in undone])
    remover = _remover(session)
    removal = plan_removal(undone, before, {} if options.linked else needed_by_wheels(session), remover)
    for line in removal_lines(removal, undone):
        note(line)
    if not removal.packages:
        note(_nothing(before))
    if options.dry_run or not removal.packages:
        return ExitCode.DONE
    return _carried_out(removal, remover, session) if _agreed(removal, session) else ExitCode.CONSENT


def _is_ours(path: Path) -> bool:
    if owner := outsider(path.parent, path, also=invoking_user(os.environ)):
        raise UsageError(
            f"not reading {path}: it belongs to another user ({owner})",
            hint="undo a run as the user who started it",
        )
    return True


def _refuse_elsewhere(entry: JournalEntry, session: Session) -> None:
    """Raise UsageError if this machine is not the one that the entry was written on."""
    here = session.distribution
    same = (entry.distribution.id, entry.distribution.version) == (here.id, here.version)
    if entry.machine or (entry.new is not None and machine_mark()):
        same = entry.machine == machine_mark()
    if not same or entry.manager != session.package_manager.name:
        raise UsageError(
            f"{entry.number} was installed on another machine ({entry.distribution}): nothing was removed",
            hint="undo it there",
        )


def _remover(session: Session) -> PackageRemover:
    manager = session.package_manager
    remover = manager.remover(session.logs.new_log("system", "undo"))
    if remover is None:
        raise PrivilegeError(
            f"accel-doctor has no way yet to remove packages with {manager.name}: nothing was removed",
            hint="accel-doctor history lists what was installed",
        )
    return remover


def _nothing(before: dict[str, str]) -> str:
    if before:
        return f"nothing to remove: undone at {max(before.values())}, which removed {listed(sorted(before))}"
    return "nothing to remove"


def _agreed(removal: PackageRemoval, session: Session) -> bool:
    """Ask at the terminal; without one, print the command to run by hand, and say so."""
    if session.package_manager.needs_root and not session.package_manager.privileged:
        raise PrivilegeError(
            "removing system packages needs root: neither sudo nor doas found",
            commands=removal.commands,
            hint="it removes exactly the packages above, as they are now",
        )
    if not session.terminal.interactive:
        note("not removed: no terminal to ask on, and no option agrees to a removal; to do it by hand:")
    for one in removal.commands:
        print_command(session.terminal, one)
    if not session.terminal.interactive:
        return False
    question = f"Remove {count(len(removal.packages), 'system package')}?"
    agreed = click.confirm(question, default=False, err=True)
    if not agreed:
        note("nothing was removed")
    return agreed


def _carried_out(removal: PackageRemoval, remover: PackageRemover, session: Session) -> int:
    try:
        with session.interrupts.watched(), session.interrupts.deferred():
            remover.remove(removal.packages)
    finally:  # what is gone is gone
        _record(removal, set(removal.packages) - remover.inventory(), session)
    note(f"removed {count(len(removal.packages), 'system package')}")
    return ExitCode.DONE


def _record(removal: PackageRemoval, gone: set[str], session: Session) -> None:
    if gone:
        done = replace(removal, packages=tuple(sorted(gone)))
        session.journal.append(removal_entry(done, session.journal_entry(Plan())))
