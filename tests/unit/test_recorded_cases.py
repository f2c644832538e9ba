"""Recorded failing builds with proven cures: the plan for each log must name what cured it.

Each case is a directory of ``tests/data/cases`` (see ``docs/reference/rules.md``): one log per failing attempt, the
packages installed or the other cure applied before the next, and the proof that the last attempt built and imported.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from books import load
from fakes import FakeCatalogue
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from paths import CASES

from accel_doctor.diagnosis import RuleAdviser, diagnose
from accel_doctor.fileindex import ReleaseIndexes
from accel_doctor.model.cures import Reason
from accel_doctor.model.machine import Distribution
from accel_doctor.model.needs import Need, NeedKind
from accel_doctor.model.plans import Plan
from accel_doctor.rulebook import Rulebook
from accel_doctor.system.python.platforms import assumed_interpreter

SUITES = {
    "bookworm": Distribution("debian", "12", "bookworm", (), "Debian GNU/Linux 12 (bookworm)"),
    "trixie": Distribution("debian", "13", "trixie", (), "Debian GNU/Linux 13 (trixie)"),
}
STRICT_C = "-Wno-error=implicit-function-declaration -Wno-error=incompatible-pointer-types -Wno-error=int-conversion"
# Packages that do the same: the recorder installed the one, rules name the other. A case adds its own under "also".
EQUIVALENT = {
    "python3-dev": {"python3.11-dev", "python3.13-dev"},  # the default version's headers, by dependency
    "build-essential": {"g++"},
    "llvm": {"llvm-dev"},  # which depends on it
    "pkg-config": {"pkgconf"},  # a transitional package since Debian 12
}
# What a package brings along by its dependencies: naming it too is no package too many.
BROUGHT = {"g++": {"gcc", "libc6-dev"}, "build-essential": {"gcc", "g++", "libc6-dev", "make", "dpkg-dev"}}
# Cures that are no package: the recorder took the one, rules name the other.
SAME_CURE = {
    "setuptools_scm<9": "setuptools_scm>=5.0,<9.0",  # as the log says
    "CFLAGS=-Wno-error=incompatible-pointer-types": "CFLAGS=" + STRICT_C,
    "CFLAGS=-Wno-incompatible-pointer-types": "CFLAGS=" + STRICT_C,
}
# The keys of a step for what is no package.
FORMS = {
    "constraint": "build constraint {}",
    "requirement": "further build requirement {}",
    "env": "{}",
    "release": "install {}",
    "step": "C code generated again by Cython",
    "script": "what Python has lost given back to setup.py",
}
TOO_NEW = Need(NeedKind.BUILD_CONSTRAINT, "python-too-new")
GENERATED = Need(NeedKind.BUILD_CONSTRAINT, "generated-by-old-cython")
# Steps the rules do not answer yet: first sight of cases recorded after the rules were written, and why each is hard.
OPEN: dict[str, str] = {}
# Every step is a round with one question: names that cure nothing cost trust. Mean per step, over all cases.
MOST_TOO_MANY = 0.02


@dataclass(frozen=True)
class Step:
    case: str
    package: str
    suite: str
    python: str
    log: Path
    cure: tuple[str, ...]
    later: frozenset[str]  # cures of this and later steps: foreseeing them is no fault
    earlier: frozenset[str]
    others: frozenset[str]  # cures that are no package
    later_others: frozenset[str]  # those of this and later steps: foreseeing them is no fault
    incurable: str | None  # what is in the way, where this source has no cure on this Python at all
    also: dict[str, frozenset[str]] = field(hash=False)

    @property
    def id(self) -> str:
        return f"{self.case}-{self.log.stem}"


def other_cures(step: Mapping[str, Any]) -> frozenset[str]:
    """Return what a step of a case file did that is no package, in the words of :attr:`BuildCure.texts`."""
    found: list[str] = []
    for key, form in FORMS.items():
        values = step.get(key, [])
        for value in [values] if isinstance(values, str) else values:
            value = SAME_CURE.get(value, value)
            found.append(form.format(value if key in ("env", "step", "script") else Requirement(value)))
    return frozenset(found)


def steps() -> list[Step]:
    found = []
    for path in sorted(CASES.glob("*/case.json")):
        case = json.loads(path.read_text())
        if not case["verified"]:
            continue
        earlier: set[str] = set(case.get("given", ()))
        cures = [tuple(step["cure"]) for step in case["steps"]]
        others = [other_cures(step) for step in case["steps"]]
        for index, step in enumerate(case["steps"]):
            found.append(
                Step(
                    case=case["id"],
                    # "fails": the package whose build stopped, where that is a dependency of the one asked for
                    package=canonicalize_name(step.get("fails") or Requirement(case["requirement"]).name),
                    suite=case["suite"],
                    python=case["built_and_python"][-1],
                    log=path.parent / step["log"],
                    cure=cures[index],
                    later=frozenset(name for cure in cures[index:] for name in cure),
                    earlier=frozenset(earlier),
                    others=others[index],
                    later_others=frozenset().union(*others[index:]),
                    incurable=step.get("incurable"),
                    also={name: frozenset(others) for name, others in case.get("also", {}).items()},
                )
            )
            earlier.update(cures[index])
    return found


STEPS = steps()


@cache
def rulebook() -> Rulebook:
    return load()


@cache
def planned(step: Step) -> Plan:
    feature = ".".join(step.python.split(".")[:2])
    with step.log.open(encoding="utf-8", errors="replace") as lines:
        diagnosis = diagnose(lines, rulebook().symptoms)
    has = set(step.earlier)
    for name in step.earlier:
        has |= EQUIVALENT.get(name, set()) | BROUGHT.get(name, set())
    adviser = RuleAdviser(
        rulebook(),
        SUITES[step.suite],
        assumed_interpreter(SUITES[step.suite], feature),
        FakeCatalogue(frozenset(has)),
        ReleaseIndexes(SUITES[step.suite]),
    )
    return adviser.plan([Reason(finding.need, finding.package, finding) for finding in diagnosis.causes])


def meets(names: Sequence[str], wanted: str, step: Step) -> bool:
    return bool({wanted, *EQUIVALENT.get(wanted, ()), *step.also.get(wanted, ())}.intersection(names))


def uncovered(step: Step) -> list[str]:
    return [name for name in step.cure if not meets(planned(step).names, name, step)]


def too_many(step: Step) -> list[str]:
    wanted = set(step.later)
    for name in step.later:
        wanted |= EQUIVALENT.get(name, set()) | BROUGHT.get(name, set()) | step.also.get(name, frozenset())
    return [name for name in planned(step).names if name not in wanted]


def proposed(step: Step) -> frozenset[str]:
    return frozenset(text for cure in planned(step).build_cures for text in cure.texts)


CLOSED = [step for step in STEPS if step.id not in OPEN]


@pytest.mark.parametrize("step", [step for step in CLOSED if step.cure], ids=lambda step: step.id)
def test_plan_covers_the_cure(step: Step) -> None:
    plan = planned(step)
    assert uncovered(step) == [], f"the plan names {plan.names} and leaves {plan.unmet}"
    assert not plan.final


@pytest.mark.parametrize("step", [step for step in CLOSED if step.others], ids=lambda step: step.id)
def test_plan_has_the_cure_that_is_no_package(step: Step) -> None:
    if FORMS["step"] in step.others:
        assert_generated_again(step)
    else:
        assert step.others <= proposed(step)
        assert not planned(step).final


def assert_generated_again(step: Step) -> None:
    """Hold that the log says "too old for this Python", and that rules know this cure if the source allows it."""
    assert TOO_NEW in {unmet.reason.need for unmet in planned(step).final}
    python = ".".join(step.python.split(".")[:2])
    options = [option for option in rulebook().cures(GENERATED) or () if option.works_on(python)]
    assert any(step.others.issuperset(option.changes.texts) for option in options)


@pytest.mark.parametrize("step", [step for step in CLOSED if step.incurable], ids=lambda step: step.id)
def test_what_nothing_cures_is_final(step: Step) -> None:
    plan = planned(step)
    assert plan.names == ()
    assert {str(unmet.reason.need) for unmet in plan.final} == {step.incurable}
    assert all(unmet.advice for unmet in plan.final)


@pytest.mark.parametrize("step", [step for step in STEPS if step.cure], ids=lambda step: step.id)
def test_no_other_cure_where_packages_cure(step: Step) -> None:
    assert proposed(step) <= step.later_others


def test_what_is_open_is_still_open() -> None:
    steps_by_id = {step.id: step for step in STEPS}
    answered = [name for name in OPEN if name not in steps_by_id or (not _unanswered(steps_by_id[name]))]
    assert answered == [], "these are answered now: take them out of OPEN"


def _unanswered(step: Step) -> bool:
    return bool(uncovered(step)) or not step.others <= proposed(step)


def test_few_packages_too_many() -> None:
    extra = {step.id: too_many(step) for step in STEPS}
    total = sum(len(names) for names in extra.values())
    covered = sum(not uncovered(step) for step in STEPS if step.cure)
    print(f"{covered} of {sum(bool(step.cure) for step in STEPS)} steps covered; {total} packages too many")
    for step_id, names in extra.items():
        if names:
            print(f"  {step_id}: {', '.join(names)}")
    assert total <= MOST_TOO_MANY * len(STEPS)


@pytest.mark.parametrize("step", [step for step in STEPS if step.id not in OPEN], ids=lambda step: step.id)
def test_causes_are_the_packages_own(step: Step) -> None:
    with step.log.open(encoding="utf-8", errors="replace") as lines:
        causes = diagnose(lines, rulebook().symptoms).causes
    assert {cause.package for cause in causes} == {step.package}
