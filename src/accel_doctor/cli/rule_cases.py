"""Cases that ``rules new`` writes: a log, the needs it shows, and on which distribution which packages meet them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from accel_doctor.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from accel_doctor.diagnosis.scanning import Readable
    from accel_doctor.model import Finding
    from accel_doctor.rulebook import Rulebook

_FILE, _LOG = "case.json", "1.log"


@dataclass(frozen=True)
class RuleCase:
    """One log and what the rules should make of it; ``cure`` is empty where no package is known."""

    directory: Path
    distro: str  # ID or ID:VERSION
    python: str
    needs: tuple[str, ...]
    cure: tuple[str, ...]

    @property
    def log(self) -> Path:
        """The log."""
        return self.directory / _LOG

    @property
    def file(self) -> Path:
        """Where :meth:`document` is kept."""
        return self.directory / _FILE

    def document(self) -> dict[str, Any]:
        """``case.json``. Not verified: nobody has seen the build end well yet."""
        step = {"log": _LOG, "needs": list(self.needs), "cure": list(self.cure)}
        return {
            "id": self.directory.name,
            "distro": self.distro,
            "python": self.python,
            "steps": [step],
            "verified": False,
        }


def cases_in(directory: Path) -> list[RuleCase]:
    """The cases of a directory that say which needs their log shows. UsageError for one that cannot be read."""
    cases = []
    for path in sorted(directory.glob(f"*/{_FILE}")):
        try:
            facts = json.loads(path.read_text("utf-8"))
            step = facts["steps"][0]
            if "needs" in step:
                named = (facts["distro"], facts["python"], tuple(step["needs"]), tuple(step["cure"]))
                cases.append(RuleCase(path.parent, *named))
        except (OSError, ValueError, LookupError, TypeError) as error:
            raise UsageError(f"{path} is no case: {error}") from error
    return cases


def case_problems(case: RuleCase, book: Rulebook) -> list[str]:
    """What the rules make of a case's log other than it says."""
    with case.log.open("rb") as stream:
        causes, names = read_as(stream, case.distro, case.python, book)
    needs = needs_of(causes)
    problems = []
    if sorted(needs) != sorted(case.needs):
        problems.append(f"{case.log}: expected {_listed(case.needs)}, found {_listed(needs)}")
    if not set(case.cure) <= set(names):
        problems.append(f"{case.log}: expected the packages {_listed(case.cure)}, found {_listed(names)}")
    return problems


def needs_of(causes: Sequence[Finding]) -> tuple[str, ...]:
    """The needs of findings, each once."""
    return tuple(dict.fromkeys(str(cause.need) for cause in causes))


def read_as(stream: Readable, distro: str, python: str, book: Rulebook) -> tuple[tuple[Finding, ...], tuple[str, ...]]:
    """What stopped a build, by its log, and the packages that rules name for that."""
    from accel_doctor.diagnosis import RuleAdviser, diagnose_stream
    from accel_doctor.model import Reason
    from accel_doctor.system.packages.elsewhere import PackageManagerElsewhere, assumed_interpreter, named_distribution

    distribution = named_distribution(distro)
    manager = book.manager(distribution)
    adviser = RuleAdviser(
        book,
        distribution,
        assumed_interpreter(distribution, python, python),
        PackageManagerElsewhere(manager.value if manager else "none"),
    )
    causes = diagnose_stream(stream, book.symptoms).causes
    plan = adviser.plan([Reason(cause.need, cause.package, cause) for cause in causes])
    return causes, plan.names


def _listed(names: tuple[str, ...]) -> str:
    return ", ".join(names) or "nothing"
