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
        line = json.dumps({"schema": SCHEMA, **as_json(entry)}) + "\n"
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
                entries = [_entry(line, managers) for line in iter(partial(stream.readline, _LINE_LIMIT), b"")]
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


def journal_entry(plan: Plan, distribution: Distribution, manager: str, during: Sequence[str]) -> JournalEntry:
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
    )


def _told(reason: Reason) -> Reason:
    return Reason(reason.need, reason.package, why=redacted(reason.evidence)[:_EVIDENCE_LIMIT], version=reason.version)


def _entry(line: bytes, managers: Mapping[str, PackageNames]) -> JournalEntry | None:
    try:
        entry = _parsed(json.loads(line))
        # Exports are run as root on other machines: leave out anything that we cannot have written.
        manager = managers[entry.manager] if entry.packages else None
        names_are_names = manager is None or all(manager.accepts(package.name) for package in entry.packages)
        plain = "".join(map(str, entry.distribution)).isprintable()
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
    )


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
