"""Check rule files as authors do: format them, and try the rules on their samples and cases."""

from __future__ import annotations

from dataclasses import dataclass

from accel_doctor.diagnosis import sample_problems
from accel_doctor.rulebook.authoring.cases import MachineOf, case_problems, cases_in
from accel_doctor.rulebook.authoring.formatting import formatted
from accel_doctor.rulebook.authoring.workplace import Workplace, replace_file


@dataclass(frozen=True)
class Formatting:
    """The files that were not formatted, by name, and complaints about those that cannot be."""

    untidy: tuple[str, ...]
    problems: tuple[str, ...]


def check_format(workplace: Workplace, *, fix: bool) -> Formatting:
    """Return which of the author's own files are not formatted; ``fix`` formats them."""
    untidy, problems = [], []
    for path in sorted(workplace.own.glob("*.yaml")):
        name = workplace.shown(path)
        try:
            text = path.read_bytes().decode()
            tidy = formatted(text)
        except (ValueError, OSError) as error:
            problems.append(f"{name}: not formatted: {error}")
            continue
        if tidy != text:
            untidy.append(name)
            if fix:
                replace_file(path, tidy.encode())
    return Formatting(tuple(untidy), tuple(problems))


@dataclass(frozen=True)
class Trial:
    """How many samples, symptoms and cases were tried, and what came out other than expected."""

    samples: int
    symptoms: int
    cases: int
    problems: tuple[str, ...]


def try_rules(workplace: Workplace, machine_of: MachineOf) -> Trial:
    """Try every symptom on its own samples, and the rules on the recorded cases. RuleError, UsageError as usual."""
    book = workplace.rulebook()
    cases = cases_in(workplace.cases)
    problems = [problem for symptom in book.symptoms for problem in sample_problems(symptom, book.symptoms)]
    problems += [problem for case in cases for problem in case_problems(case, book, machine_of)]
    samples = sum(len(symptom.match) + len(symptom.miss) for symptom in book.symptoms)
    return Trial(samples, len(book.symptoms), len(cases), tuple(problems))
