"""Move wheels between stores, as a directory that ``pip install --find-links`` accepts as is.

The wheels are directly in it; one file beside them holds their entries, without which a wheel does not say enough
about its build to be imported into a store.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from accel_doctor.hashing import sha256_of
from accel_doctor.model.holdings import LeftOut
from accel_doctor.model.wheels import Entry
from accel_doctor.store.documents import items, read_document
from accel_doctor.store.publishing import copy, write
from accel_doctor.store.wheels.wheel_entries import entry_from_json, entry_to_json
from accel_doctor.store.wheels.wheel_store import LocalWheelStore
from accel_doctor.whole_files import replacing

METADATA = "accel-doctor-wheels.json"
SCHEMA = 1
_LIMIT = 256 << 20  # bytes of METADATA: about a hundred thousand wheels


@dataclass(frozen=True)
class Moved:
    """The wheels that were moved, and those that were left out."""

    wheels: tuple[Entry, ...]
    left_out: tuple[LeftOut, ...]


def serves(entry: Entry, distribution: str) -> bool:
    """Return whether a wheel was built for ``distribution`` (``debian 13``) or works on all."""
    for_all = entry.file.endswith("-none-any.whl") or "manylinux" in entry.file or "musllinux" in entry.file
    return for_all or entry.provenance.distribution == distribution


def export_wheels(store: LocalWheelStore, names: Iterable[str], directory: Path) -> Moved:
    """Copy the wheels of these keys, in order of preference, into ``directory``, and add them to its metadata.

    Of wheels with the same file name, only the first is copied. Raises OSError if the directory cannot be written,
    ValueError if its metadata is damaged.
    """
    directory.mkdir(parents=True, exist_ok=True)
    known = _described(directory)
    moved: dict[str, Entry] = {}
    left_out = []
    for name in names:
        found = store.find(name)
        if found is None:
            left_out.append(LeftOut(name, "damaged, or removed meanwhile"))
            continue
        entry, wheel = found
        if entry.file in moved:
            made = moved[entry.file].provenance
            built = f"{made.interpreter}, {made.distribution}"
            left_out.append(LeftOut(entry.file, f"a more recently used build has that name: {built}"))
            continue
        with replacing(directory / entry.file) as aside:
            copy(wheel, aside)
        moved[entry.file] = entry
    _write(directory, [*{**known, **moved}.values()])
    return Moved(tuple(moved.values()), tuple(left_out))


def import_wheels(store: LocalWheelStore, directory: Path) -> Moved:
    """Add every wheel in ``directory`` that its metadata describes to the store.

    Raises OSError if it cannot be read, ValueError if its metadata is damaged.
    """
    entries = _read(directory)
    described = {entry.file for entry in entries}
    left_out = [
        LeftOut(path.name, f"not described in {METADATA}: cannot tell what it was built for")
        for path in sorted(directory.glob("*.whl"))
        if path.name not in described
    ]
    moved = []
    for entry in entries:
        why = _trouble(store, entry, directory / entry.file)
        if why:
            left_out.append(LeftOut(entry.file, why))
        else:
            moved.append(entry)
    return Moved(tuple(moved), tuple(left_out))


def _trouble(store: LocalWheelStore, entry: Entry, wheel: Path) -> str | None:
    """Add one wheel to the store; return the reason if that failed."""
    try:
        if sha256_of(wheel) != entry.sha256:
            return f"SHA-256 mismatch with {METADATA}"
    except OSError as error:
        return f"cannot read it: {error.strerror}"
    kept = store.add(entry, wheel)
    if kept.path == wheel:
        return "cannot write to the cache"
    if kept.sha256 != entry.sha256:
        return "another build of it is already in the cache"
    return None


def _described(directory: Path) -> dict[str, Entry]:
    """Return the entries that an earlier export wrote there, by file name."""
    if not (directory / METADATA).exists():
        return {}
    return {entry.file: entry for entry in _read(directory) if (directory / entry.file).exists()}


def _read(directory: Path) -> list[Entry]:
    with (directory / METADATA).open("rb") as stream:
        content = stream.read(_LIMIT + 1)
    fields = read_document(content, SCHEMA, _LIMIT)
    return [entry_from_json(json.dumps(entry).encode()) for entry in items(fields.get("entries"), "entries", _LIMIT)]


def _write(directory: Path, entries: Sequence[Entry]) -> None:
    ordered = sorted(entries, key=lambda entry: entry.file)
    content = json.dumps({"schema": SCHEMA, "entries": [json.loads(entry_to_json(one)) for one in ordered]}, indent=1)
    with replacing(directory / METADATA) as aside:
        write(aside, f"{content}\n".encode())
