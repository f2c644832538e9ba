"""A run's report as one HTML page, which needs no scripts and fetches nothing. Pure.

What builds printed is hostile: everything is escaped, and the page's own policy forbids scripts all the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

from rich.filesize import decimal

from accel_doctor.errors import ExitCode
from accel_doctor.wording import count, printable

_TICKS = 3
_STEPS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 43200)  # seconds between marks
_ROW = 30  # pixels
_OUTCOMES = {"done": "good", "built": "good", "yes": "good", "failed": "bad", "no": "bad", "stopped": "bad"}


@dataclass(frozen=True)
class Bar:
    """One row of the time line; ``left`` and ``width`` are percentages of its whole."""

    name: str
    told: str
    kind: str
    left: float
    width: float
    top: int


def run_page(document: Mapping[str, Any], version: str) -> str:
    """Return the page of a report. Raises ValueError if the document is none."""
    from jinja2 import Environment, StrictUndefined, TemplateError

    environment = Environment(
        autoescape=True, finalize=_printable, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters |= {"seconds": seconds, "size": decimal}
    template = files("accel_doctor.report").joinpath("templates/run.html.j2").read_text(encoding="utf-8")
    try:
        whole = max(float(document["seconds"]), 0.001)
        bars = list(_bars(document["timeline"], whole))
        values = {
            "run": document,
            "version": version,
            "good": document["outcome"] == "done",
            "meaning": {int(code): code.meaning for code in ExitCode}[document["exit_code"]],
            "bars": bars,
            "height": len(bars) * _ROW,
            "marks": [(mark * 100 / whole, seconds(mark)) for mark in _marks(whole)],
            "sizes": _sizes(document["simulations"]),
        }
        return environment.from_string(template).render(values)
    except (TemplateError, KeyError, TypeError, AttributeError, OverflowError) as error:
        raise ValueError(f"incomplete: {error}") from error


def seconds(amount: float) -> str:
    """Return a time as people say it: ``0.4 s``, ``12 s``, ``2 min 5 s``, ``1 h 3 min``."""
    if amount < 10:
        return f"{amount:.1f} s".replace(".0 s", " s")
    whole = round(amount)
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    if minutes < 60:
        return f"{minutes} min {rest} s" if rest else f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if minutes else f"{hours} h"


def _bars(timeline: Sequence[Mapping[str, Any]], whole: float) -> Iterator[Bar]:
    for number, moment in enumerate(timeline):
        what = moment["what"]
        kind = _OUTCOMES.get(moment["outcome"] or "", what) if what == "build" else what
        said = f"{moment['outcome']}, " if moment["outcome"] else ""
        left = min(100.0, moment["start"] * 100 / whole)
        width = max(0.3, min(100 - left, moment["seconds"] * 100 / whole))
        name = moment["name"]
        told = said + seconds(moment["seconds"])
        yield Bar(
            _printable(name), told, kind if moment["what"] == "build" else moment["what"], left, width, number * _ROW
        )


def _marks(whole: float) -> list[int]:
    step = next((step for step in _STEPS if whole / step <= _TICKS), _STEPS[-1])
    return [mark for mark in range(0, int(whole) + 1, step) if mark <= whole * 0.97]


def _sizes(simulations: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """Return what each transaction downloaded and took, by its packages."""
    told = {}
    for one in simulations:
        download, disk = one["download_bytes"], one["disk_bytes"]
        parts = [count(one["installs"], "package")] if one["installs"] else []
        parts += [f"{decimal(download)} downloaded"] if download is not None else []
        parts += [f"{decimal(disk)} on disk"] if disk is not None else []
        told[" ".join(one["packages"])] = ", ".join(parts)
    return told


def _printable(value: Any) -> Any:
    """Return a text without control characters; what a template rendered, and numbers, as they are."""
    return printable(value) if isinstance(value, str) and not hasattr(value, "__html__") else value
