"""Tell other releases of a project in sentences. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from accel_doctor.model.releases import Alternative, OtherReleases, Succession, Successor


def alternative_lines(found: Alternative) -> list[str]:
    """Return what could be installed instead of a release that cannot be built."""
    lines = [successor_line(found.successor)] if found.successor else []
    if found.releases and (found.releases.usable or not lines):
        lines.append(releases_line(found.releases))
    return lines


def next_step(alternatives: Sequence[Alternative], *, upgraded: bool) -> str | None:
    """Return what to do where something else can be installed, after --upgrade-unbuildable if that was ``upgraded``."""
    for successor in (one.successor for one in alternatives):
        if successor:
            change = f"require {successor.project} instead of" if successor.project else "do not require"
            return f"{change} {successor.name}"
    if any(one.releases and one.releases.usable for one in alternatives):
        return "require another release" + ("" if upgraded else ", or let --upgrade-unbuildable choose one")
    return None


def alternative_document(found: Alternative) -> dict[str, Any]:
    """Return the same as JSON types."""
    successor, releases = found.successor, found.releases
    return {
        "package": found.package,
        "version": found.version,
        "text": alternative_lines(found),
        "successor": (successor.project or successor.module) if successor else None,
        "newest": str(releases.usable[0]) if releases and releases.usable else None,
        "nearest": str(releases.nearest) if releases and releases.nearest else None,
    }


def releases_line(found: OtherReleases) -> str:
    """Return what to ask for instead of a release that cannot be built, or that there is nothing.

    "newest numpy with wheels for Python 3.13: 2.4.1, nearest to 1.17.0: 2.1.0; 1.17.0 has wheels for Python 3.5 to 3.7"
    """
    name, here = found.name, f"Python {found.python}"
    if found.asked in found.usable:
        return f"{name} {found.asked} has wheels for {here}: leave out --no-binary to use one"
    if not found.usable:
        newest = f"; the newest release is {found.newest}" if found.newest not in (None, found.asked) else ""
        return f"no release of {name} has wheels for {here} on this platform{_own_wheels(found)}{newest}"
    line = f"newest {name} with wheels for {here}: {found.usable[0]}"
    if found.asked and found.nearest != found.usable[0]:
        line += f", nearest to {found.asked}: {found.nearest}"
    return line + _own_wheels(found)


def successor_line(successor: Successor) -> str:
    """Return what to install instead of a project that is not to be installed anymore."""
    name, project = successor.name, successor.project
    if successor.module:
        return f"{name} is part of Python since {successor.since}, as {successor.module}: leave it out"
    match successor.why:
        case Succession.RENAMED:
            return f"{name} is now called {project}: install {project} instead"
        case Succession.FORK:
            return f"{name} is no longer maintained: {project} took its place"
        case Succession.PLACEHOLDER:
            return f"{name} on PyPI is only a placeholder: install {project} instead"


def _own_wheels(found: OtherReleases) -> str:
    if found.asked is None:
        return ""
    if found.foreign:
        return f"; {found.asked} has wheels for other platforms only"
    return f"; {found.asked} has wheels for Python {_ranges(found.pythons)}" if found.pythons else ""


def _ranges(versions: Sequence[tuple[int, int]]) -> str:
    """Return sorted versions with runs drawn together: ``2.7, 3.4 to 3.7``."""
    runs: list[list[tuple[int, int]]] = []
    for major, minor in versions:
        if runs and runs[-1][-1] == (major, minor - 1):
            runs[-1].append((major, minor))
        else:
            runs.append([(major, minor)])
    texts = [[f"{major}.{minor}" for major, minor in run] for run in runs]
    return ", ".join(f"{run[0]} to {run[-1]}" if len(run) > 2 else ", ".join(run) for run in texts)
