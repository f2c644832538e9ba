"""The cases that ``rules new`` writes: a log, the needs it shows, and the packages that meet them."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from accel_doctor.diagnosis import RuleAdviser, diagnose_stream, sample_problems
from accel_doctor.diagnosis.scanning import Readable
from accel_doctor.errors import UsageError
from accel_doctor.model.cures import Reason
from accel_doctor.model.needs import Finding
from accel_doctor.rulebook.authoring.workplace import Workplace
from accel_doctor.rulebook.book import Rulebook

_FILE, _LOG = "case.json", "1.log"


# A distribution (ID or ID:VERSION), a version of Python, the rules -> the adviser for such a machine
AdviserOf = Callable[[str, str, Rulebook], RuleAdviser]


@dataclass(frozen=True)
class RuleCase:
    """A log and its expected diagnosis; ``cure`` is empty if no package is known."""

    directory: Path
    distro: str  # ID or ID:VERSION
    python: str
    needs: tuple[str, ...]
    cure: tuple[str, ...]

    @property
    def log(self) -> Path:
        """Return the path of the log."""
        return self.directory / _LOG

    @property
    def file(self) -> Path:
        """Return the path of the case file."""
        return self.directory / _FILE

    def text(self) -> str:
        """Return the content of the case file. The case is not verified: this build has not been seen to succeed."""
        document = {
            "id": self.directory.name,
            "distro": self.distro,
            "python": self.python,
            "steps": [{"log": _LOG, "needs": list(self.needs), "cure": list(self.cure)}],
            "verified": False,
        }
        return json.dumps(document, indent=1) + "\n"


def cases_in(directory: Path) -> list[RuleCase]:
    """Return the cases in a directory that list the needs of their log. Raises UsageError for a malformed one."""
    cases = []
    for path in sorted(directory.glob(f"*/{_FILE}")):
        try:
            facts: Any = json.loads(path.read_text("utf-8"))
            step = facts["steps"][0]
            if "needs" in step:
                named = (facts["distro"], facts["python"], tuple(step["needs"]), tuple(step["cure"]))
                cases.append(RuleCase(path.parent, *named))
        except (OSError, ValueError, LookupError, TypeError) as error:
            raise UsageError(f"{path}: not a case file: {error}") from error
    return cases


def case_problems(case: RuleCase, book: Rulebook, adviser_of: AdviserOf) -> list[str]:
    """Return the differences between the rules' answer to a case's log and the expected one."""
    with case.log.open("rb") as stream:
        causes, names = answer(stream, adviser_of(case.distro, case.python, book), book)
    needs = needs_of(causes)
    problems = []
    if sorted(needs) != sorted(case.needs):
        problems.append(f"{case.log}: expected {_listed(case.needs)}, found {_listed(needs)}")
    if not set(case.cure) <= set(names):
        problems.append(f"{case.log}: expected the packages {_listed(case.cure)}, found {_listed(names)}")
    return problems


def needs_of(causes: Sequence[Finding]) -> tuple[str, ...]:
    """Return the needs of findings, without duplicates."""
    return tuple(dict.fromkeys(str(cause.need) for cause in causes))


def answer(log: Readable, adviser: RuleAdviser, book: Rulebook) -> tuple[tuple[Finding, ...], tuple[str, ...]]:
    """Return the findings that stopped the logged build, and the packages that rules name for them."""
    causes = diagnose_stream(log, book.symptoms).causes
    plan = adviser.plan([Reason(cause.need, cause.package, cause) for cause in causes])
    return causes, plan.names


def _listed(names: tuple[str, ...]) -> str:
    return ", ".join(names) or "nothing"


def problems_of_samples(book: Rulebook) -> list[str]:
    """Return the failures of symptoms on their own samples."""
    return [problem for symptom in book.symptoms for problem in sample_problems(symptom, book.symptoms)]


@dataclass(frozen=True)
class Trial:
    """The numbers of samples, symptoms and cases tried, and the unexpected results."""

    samples: int
    symptoms: int
    cases: int
    problems: tuple[str, ...]


def try_rules(workplace: Workplace, adviser_of: AdviserOf) -> Trial:
    """Try every symptom on its own samples, and the rules on the recorded cases. Raises RuleError and UsageError."""
    book = workplace.rulebook()
    cases = cases_in(workplace.cases)
    problems = problems_of_samples(book)
    problems += [problem for case in cases for problem in case_problems(case, book, adviser_of)]
    samples = sum(len(symptom.match) + len(symptom.miss) for symptom in book.symptoms)
    return Trial(samples, len(book.symptoms), len(cases), tuple(problems))
