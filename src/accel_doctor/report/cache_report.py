"""Render the cache's contents and changes as lines and as documents. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime, timezone
from typing import Any

from rich.filesize import decimal

from accel_doctor.model.holdings import Damage, Holding, HoldingKind, LeftOut, Removal
from accel_doctor.model.stored_environments import StoredEnvironment
from accel_doctor.model.wheels import Entry
from accel_doctor.wording import count, listed, printable

SCHEMA = 1

KeptWheel = tuple[Holding, Entry]
KeptEnvironment = tuple[Holding, StoredEnvironment]
Answer = tuple[dict[str, Any], list[str]]  # a document, and its lines of text


def info(directory: str, layout: str, holdings: Sequence[Holding]) -> Answer:
    """Return number, size and last use of each kind of entry."""
    kinds = {}
    rows = [("", "", "", "last used")]
    for kind in HoldingKind:
        some = [holding for holding in holdings if holding.kind is kind]
        last = max((one.used for one in some), default=None)
        kinds[kind.value] = {"count": len(some), "bytes": sum(one.size for one in some), "last_used": _time(last)}
        if some or kind is not HoldingKind.LEFTOVER:
            rows.append((f"{kind.value}s", str(len(some)), _bytes(some), "-" if last is None else _day(last)))
    rows.append(("all", str(len(holdings)), _bytes(holdings), ""))
    total = sum(holding.size for holding in holdings)
    document = {"directory": directory, "layout": layout, "kinds": kinds, "bytes": total}
    return document, [directory, *(f"  {line}".rstrip() for line in _columns(rows, right={1, 2}))]


def listing(wheels: Sequence[KeptWheel], environments: Sequence[KeptEnvironment]) -> Answer:
    """Return the details of wheels and environments; as lines, one table for each."""
    document: dict[str, Any] = {"wheels": [], "environments": []}
    rows = [("name", "version", "for", "size", "last used", "built on")]
    for holding, entry in wheels:
        document["wheels"].append({**_flat(entry), **_measured(holding)})
        made = entry.provenance
        tags = "-".join(entry.file.removesuffix(".whl").split("-")[-3:])
        built_on = f"{made.distribution}, {made.libc}"
        rows.append((made.name, made.version, tags, _bytes([holding]), _day(holding.used), built_on))
    table = [("environment", "python", "size", "last used", "lock files")]
    for holding, stored in environments:
        facts = stored.facts
        packages = [f"{pack.name}=={pack.version}" for pack in stored.packs if pack.name]
        known = {"key": stored.key, "stored_at": stored.stored_at, "facts": facts, "distributions": packages}
        document["environments"].append({**known, **_measured(holding)})
        python, locks = str(facts.get("machine", {}).get("version", "?")), ", ".join(facts.get("files", {}))
        table.append((holding.label, python, _bytes([holding]), _day(holding.used), locks))
    lines = _columns(rows, right={3}) if wheels else []
    lines += [""] if wheels and environments else []
    lines += _columns(table, right={2}) if environments else []
    return document, [printable(line) for line in lines]


def verified(good: Mapping[HoldingKind, int], damaged: Sequence[Damage]) -> Answer:
    """Return the damaged entries with the damage of each, and the number of intact ones."""
    lines = [
        printable(f"{'removed' if one.removed else 'damaged'} {one.kind.value} {one.path}: {one.why}")
        for one in damaged
    ]
    parts = [count(number, kind.value) for kind, number in good.items()]
    rows = [{**asdict(one), "kind": one.kind.value, "path": str(one.path)} for one in damaged]
    document = {"verified": sum(good.values()), "damaged": rows}
    return document, [*lines, f"verified {listed(parts)}" if parts else "verified nothing"]


def removed(removal: Removal) -> Answer:
    """Return what was removed, what was skipped because it is in use, and how much remains."""
    document = {
        "dry_run": removal.dry_run,
        "removed": [_holding(holding) for holding in removal.removed],
        "in_use": [_holding(holding) for holding in removal.in_use],
        "refused": [asdict(one) for one in removal.refused],
        "bytes_removed": removal.freed,
        "bytes_left": removal.left,
    }
    lines = [f"left {one.kind.value} {one.label}: a running accel-doctor uses it" for one in removal.in_use]
    lines += [f"not removed: {one.name}: {one.why}" for one in removal.refused]
    verb, left = "removed", "left"
    if removal.dry_run:
        verb, left = "would remove", "would be left"
        lines[:0] = [f"would remove {one.kind.value} {one.label}, {_bytes([one])}" for one in removal.removed]
    kinds = Counter(holding.kind for holding in removal.removed)
    parts = [count(number, kind.value) for kind, number in kinds.items()]
    what = f"{listed(parts)}, {_bytes(removal.removed)}" if parts else "nothing"
    return document, [*map(printable, lines), f"{verb} {what}; {decimal(removal.left)} {left}"]


def moved(verb: str, wheels: Sequence[Entry], left_out: Sequence[LeftOut], whereto: str) -> Answer:
    """Return what was exported or imported, what was left out, and why."""
    total = decimal(sum(entry.size for entry in wheels))
    lines = [printable(f"not {verb}: {one.name}: {one.why}") for one in left_out]
    document = {"wheels": [_flat(entry) for entry in wheels], "left_out": [asdict(one) for one in left_out]}
    return document, [*lines, f"{verb} {count(len(wheels), 'wheel')}, {total}, {whereto}"]


def _flat(entry: Entry) -> dict[str, Any]:
    fields = asdict(entry)
    made = fields.pop("provenance")
    return {**made, **{name: value for name, value in fields.items() if name != "size"}, "bytes": entry.size}


def _holding(holding: Holding) -> dict[str, Any]:
    return {"kind": holding.kind.value, "name": holding.label, **_measured(holding)}


def _measured(holding: Holding) -> dict[str, Any]:
    return {"bytes": holding.size, "last_used": _time(holding.used)}


def _bytes(holdings: Iterable[Holding]) -> str:
    return decimal(sum(holding.size for holding in holdings))


def _day(used: float) -> str:
    return (_time(used) or "unknown")[:10]


def _time(used: float | None) -> str | None:
    """Return ISO 8601, UTC; None for a timestamp out of the calendar's range, as broken clocks leave behind."""
    try:
        return None if used is None else datetime.fromtimestamp(used, timezone.utc).isoformat(timespec="seconds")
    except (OverflowError, ValueError, OSError):
        return None


def _columns(rows: Sequence[tuple[str, ...]], right: set[int]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(
            f"{cell:>{width}}" if number in right else f"{cell:<{width}}"
            for number, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]
