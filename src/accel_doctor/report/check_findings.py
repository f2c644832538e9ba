"""List what ``check`` found missing, where it was required, and which of it a baseline file knows. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from accel_doctor.foresight import Certainty, Foresight
from accel_doctor.model.machine import Distribution
from accel_doctor.model.requests import RequirementLine
from accel_doctor.requirements.request import COMMAND_LINE

SCHEMA = 1
BASELINE_LIMIT = 4 << 20  # bytes of a baseline file

Known = frozenset[tuple[str, str]]  # package (normalized) and need


class BaselineError(ValueError):
    """Raised for a text that is no baseline; the message says why."""


@dataclass(frozen=True)
class Place:
    """Name a file, and the line in it if that is known."""

    file: str
    line: int | None = None

    def __str__(self) -> str:
        return f"{self.file}:{self.line}" if self.line else self.file


@dataclass(frozen=True)
class Finding:
    """Describe one need that is not met, of one distribution."""

    package: str
    version: str | None
    need: str
    state: str  # "missing, install libpq-dev"
    curable: bool  # by a package that is known
    linked: bool  # by a cached wheel, so nothing is built
    place: Place | None
    known: bool  # the baseline has it

    @property
    def title(self) -> str:
        """Return name and version."""
        return f"{self.package} {self.version}" if self.version else self.package


@dataclass(frozen=True)
class ForesightReport:
    """Foresight for one distribution and Python version.

    ``resolved`` says whether dependencies are included; ``probed`` whether the machine was inspected, so that what is
    not found there is missing. ``known`` is what the baseline has, if one was given.
    """

    distribution: Distribution
    python: str
    resolved: bool
    probed: bool
    foresight: Foresight
    requirements: tuple[RequirementLine, ...] = ()
    lock: str | None = None
    known: Known | None = None

    @property
    def strict(self) -> bool:
        """Return whether what is missing is a failure; another machine is only described, unless by a baseline."""
        return self.probed or self.known is not None

    def knows(self, package: str, need: object) -> bool:
        """Return whether the baseline has this."""
        return (package, str(need)) in (self.known or ())

    def place_of(self, package: str) -> Place | None:
        """Return where a distribution is required: a line; for a dependency, the first file or the lock."""
        places = [(line.name or line.text, place) for line in self.requirements if (place := _place(line))]
        if own := next((place for name, place in places if name == package), None):
            return own
        first = self.lock or (places[0][1].file if places else None)
        return Place(first) if first else None


def findings(report: ForesightReport) -> list[Finding]:
    """Return what is missing for builds that are certain, and for cached wheels."""
    return [
        Finding(
            build.name,
            build.version,
            str(need.need),
            state(need.present, need.packages, probed=report.probed),
            bool(need.packages),
            build.certainty is Certainty.NO,
            report.place_of(build.name),
            report.knows(build.name, need.need),
        )
        for build in report.foresight.builds
        if build.certainty is not Certainty.POSSIBLE
        for need in build.needs
        if need.present is False or need.packages or not (report.probed or need.present)
    ]


def state(present: bool | None, packages: Sequence[str], *, probed: bool) -> str:
    """Return whether a need is met, and what to install if it is not."""
    cure = f"install {', '.join(packages)}" if packages else "no known package"
    if not probed:
        return cure
    if present:
        return "installed"
    return f"missing, {cure}" if present is False else f"not seen, {cure}"


def _place(line: RequirementLine) -> Place | None:
    file, _, number = line.origin.rpartition(":")
    if not (file and number.isdecimal()):  # not a line of a requirements file: in a project or a script, or in none
        file, number = line.origin.partition(", group ")[0], ""
    if file == COMMAND_LINE or file.lower().startswith(("http:", "https:", "file:")):
        return None
    return Place(file, int(number) if number else None)


# --- the baseline file -----------------------------------------------------------------------------------


def baseline_text(found: Iterable[Finding]) -> str:
    """Return the text of a baseline that knows these findings, sorted."""
    needs: dict[str, set[str]] = {}
    for finding in found:
        needs.setdefault(finding.package, set()).add(finding.need)
    entries = [{"package": package, "needs": sorted(needs[package])} for package in sorted(needs)]
    return json.dumps({"schema": SCHEMA, "findings": entries}, indent=2) + "\n"


def baseline_findings(content: bytes) -> Known:
    """Return what a baseline knows. Raises BaselineError for anything else than such a file."""
    try:
        document = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise BaselineError("not JSON") from error
    if not isinstance(document, dict) or document.get("schema") != SCHEMA:
        raise BaselineError(f"no document of schema {SCHEMA}")
    entries = document.get("findings")
    if not isinstance(entries, list) or not all(map(_is_entry, entries)):
        raise BaselineError("its findings are malformed")
    return frozenset((entry["package"], need) for entry in entries for need in entry["needs"])


def _is_entry(entry: object) -> bool:
    if not isinstance(entry, dict) or not isinstance(entry.get("package"), str):
        return False
    needs = entry.get("needs")
    return isinstance(needs, list) and all(isinstance(need, str) for need in needs)
