"""The journal: one line of JSON per treatment, appended, never rewritten."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timezone
from functools import partial
from pathlib import Path
from typing import Any

from packaging.version import Version

from accel_doctor.changes_document import changes_from, checked_requirement
from accel_doctor.interfaces import Notifier, PackageNames
from accel_doctor.model.cures import BuildCure, Confidence, Reason, SystemPackage
from accel_doctor.model.machine import Distribution
from accel_doctor.model.needs import Need
from accel_doctor.model.plans import JournalEntry, Plan
from accel_doctor.model.removals import PackageRemoval
from accel_doctor.report.run_report import build_cure_document, reason_document
from accel_doctor.urls import redacted
from accel_doctor.wording import count

SCHEMA = 1
_LINE_LIMIT = 1 << 20  # bytes per entry; a longer line was not written by us
_EVIDENCE_LIMIT = 500


class Journal:
    """A file that several processes may write at once. A failed write is only a warning."""

    def __init__(self, path: Path, notifier: Notifier) -> None:
        self._path = path
        self._notifier = notifier

    def append(self, entry: JournalEntry) -> None:
        """Append an entry in a single write."""
        fields = {name: value for name, value in as_json(entry).items() if name != "number"}  # which its line tells
        line = json.dumps({"schema": SCHEMA, **fields}) + "\n"
        try:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            # O_APPEND: two processes that write at once do not overwrite one another (open(2))
            descriptor = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
            try:
                os.write(descriptor, line.encode())
            finally:
                os.close(descriptor)
        except OSError as error:
            self._notifier.note(f"cannot write to the journal {self._path}: {error.strerror}")

    def read(self, managers: Mapping[str, PackageNames]) -> list[JournalEntry]:
        """Return all entries, oldest first; skip damaged lines (truncated by a full disk) with a warning.

        An entry is also damaged if its manager is not in ``managers``, or a package name is invalid for its manager.
        """
        try:
            with self._path.open("rb") as stream:
                lines = enumerate(iter(partial(stream.readline, _LINE_LIMIT), b""), 1)
                entries = [_entry(line, number, managers) for number, line in lines]
        except (FileNotFoundError, NotADirectoryError):
            return []
        if damaged := entries.count(None):
            self._notifier.note(f"{count(damaged, 'damaged line')} in the journal {self._path}")
        return [entry for entry in entries if entry]


def as_json(entry: JournalEntry) -> dict[str, Any]:
    """Return an entry as JSON types, as written to the file."""
    packages = [
        {
            "name": package.name,
            "confidence": package.confidence.value,
            "source": package.source,
            "needs": [reason_document(reason) for reason in package.reasons],
        }
        for package in entry.packages
    ]
    cures = [build_cure_document(cure) for cure in entry.cures]
    return {**vars(entry), "distribution": entry.distribution._asdict(), "packages": packages, "cures": cures}


def removal_entry(removal: PackageRemoval, origin: JournalEntry) -> JournalEntry:
    """Return the entry for a removal that was just carried out; ``origin`` says when, where and for what."""
    return replace(origin, commands=removal.commands, removed=removal.packages, undoes=removal.undoes, new=())


def in_effect(entries: Sequence[JournalEntry]) -> list[JournalEntry]:
    """Return the entries that installed or changed something, without the packages that were removed again."""
    removed = {(number, name) for entry in entries for number in entry.undoes for name in entry.removed}
    left = [
        replace(entry, packages=tuple(one for one in entry.packages if (entry.number, one.name) not in removed))
        for entry in entries
    ]
    return [entry for entry in left if entry.packages or entry.cures]


def journal_entry(
    plan: Plan, distribution: Distribution, manager: str, during: Sequence[str], run: str = "", machine: str = ""
) -> JournalEntry:
    """Return the entry for a plan that was just carried out, without passwords in URLs."""
    return JournalEntry(
        time=datetime.now(timezone.utc).isoformat(timespec="seconds"),
        distribution=distribution,
        manager=manager,
        during=tuple(redacted(word) for word in during),
        commands=plan.commands,
        packages=tuple(
            replace(package, reasons=tuple(map(_told, package.reasons)), alternatives=(), advice=None)
            for package in plan.packages
        ),
        cures=tuple(replace(cure, reason=_told(cure.reason)) for cure in plan.build_cures),
        run=run,
        machine=machine,
        new=plan.new,
    )


def _told(reason: Reason) -> Reason:
    return Reason(reason.need, reason.package, why=redacted(reason.evidence)[:_EVIDENCE_LIMIT], version=reason.version)


def _entry(line: bytes, number: int, managers: Mapping[str, PackageNames]) -> JournalEntry | None:
    try:
        entry = replace(_parsed(json.loads(line)), number=number)
        # Exports are run as root on other machines: leave out anything that we cannot have written.
        names = [*(package.name for package in entry.packages), *(entry.new or ()), *entry.removed]
        manager = managers[entry.manager] if names else None
        names_are_names = manager is None or all(map(manager.accepts, names))
        plain = "".join((*map(str, entry.distribution), entry.time, entry.run, entry.machine)).isprintable()
    except (ValueError, KeyError, TypeError):
        return None
    return entry if names_are_names and plain else None


def _parsed(fields: Any) -> JournalEntry:
    return JournalEntry(
        time=str(fields["time"]),
        distribution=Distribution(**{**fields["distribution"], "like": tuple(fields["distribution"]["like"])}),
        manager=str(fields["manager"]),
        during=tuple(map(str, fields["during"])),
        commands=tuple(tuple(map(str, command)) for command in fields["commands"]),
        packages=tuple(
            SystemPackage(
                name=str(package["name"]),
                reasons=tuple(map(_reason, package["needs"])),
                confidence=Confidence(package["confidence"]),
                source=str(package["source"]),
            )
            for package in fields["packages"]
        ),
        cures=tuple(map(_build_cure, fields.get("cures", ()))),
        run=str(fields.get("run", "")),
        machine=str(fields.get("machine", "")),
        new=None if fields.get("new") is None else _names(fields["new"]),
        removed=_names(fields.get("removed", [])),
        undoes=tuple(map(int, fields.get("undoes", ()))),
    )


def _names(values: Any) -> tuple[str, ...]:
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
        raise ValueError("expected a list of names")
    return tuple(values)


def _reason(fields: Any) -> Reason:
    return Reason(
        Need.parse(fields["need"]), fields["package"], why=fields["evidence"], version=_version(fields.get("version"))
    )


def _build_cure(fields: Any) -> BuildCure:
    releases = tuple(map(checked_requirement, fields["releases"]))
    from_source = tuple(map(checked_requirement, fields.get("from_source", ())))
    return BuildCure(
        _reason(fields), changes_from(fields), releases, fields["affects"], str(fields["source"]), from_source
    )


def _version(text: str | None) -> str | None:
    return str(Version(text)) if text else None  # InvalidVersion is a ValueError
