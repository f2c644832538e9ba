"""Logs from other families, as the public has posted them: each must be answered with that family's names.

``tests/data/public_logs`` has a file for each family, a list of excerpts. Of each: ``source``, the thread it was posted
in; ``distribution`` as ``--distro`` takes it and ``python``, where the thread shows them; ``log``, lines as posted,
shortened by leaving out whole lines; ``needs``, what stopped the build; ``packages``, the answer; ``thread``, what the
thread itself says cured it, or null, and whether somebody there ``confirmed`` that.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import pytest
import yaml
from books import load
from paths import DATA

from accel_doctor.diagnosis import RuleAdviser, diagnose
from accel_doctor.model.cures import Reason
from accel_doctor.model.plans import Plan
from accel_doctor.rulebook import Rulebook
from accel_doctor.system.distribution import named_distribution
from accel_doctor.system.packages.elsewhere import PackageManagerElsewhere
from accel_doctor.system.python.platforms import assumed_interpreter

LOGS = DATA / "public_logs"
FAMILIES = ("alpine", "arch", "fedora", "homebrew", "rhel", "suse")
LEAST_PER_FAMILY = 6
LEAST_IN_ALL = 40
LONGEST = 40  # lines of an excerpt: what shows the error, not the thread


@dataclass(frozen=True)
class Posted:
    family: str
    source: str
    distribution: str
    python: str | None
    needs: frozenset[str]
    packages: tuple[str, ...]
    confirmed: bool
    log: str

    @property
    def id(self) -> str:
        owner_and_name, _, number = self.source.removeprefix("https://github.com/").rpartition("/")
        return f"{self.family}-{owner_and_name.split('/')[1]}-{number}"


def posted() -> list[Posted]:
    return [
        Posted(
            family=family,
            source=entry["source"],
            distribution=entry["distribution"],
            python=entry.get("python"),
            needs=frozenset(entry["needs"]),
            packages=tuple(entry["packages"]),
            confirmed=entry["confirmed"],
            log=entry["log"],
        )
        for family in FAMILIES
        for entry in yaml.safe_load((LOGS / f"{family}.yaml").read_text(encoding="utf-8"))
    ]


POSTED = posted()


@cache
def rulebook() -> Rulebook:
    return load()


@cache
def planned(log: Posted) -> Plan:
    distribution = named_distribution(log.distribution)
    manager = rulebook().manager(distribution)
    assert manager is not None, f"no rules for {log.distribution}"
    adviser = RuleAdviser(
        rulebook(),
        distribution,
        assumed_interpreter(distribution, log.python or rulebook().python(distribution)),
        PackageManagerElsewhere(manager.name),
    )
    causes = diagnose(log.log.splitlines(), rulebook().symptoms).causes
    return adviser.plan([Reason(cause.need, cause.package, cause) for cause in causes])


@pytest.mark.parametrize("log", POSTED, ids=lambda log: log.id)
def test_the_needs_are_read(log: Posted) -> None:
    causes = diagnose(log.log.splitlines(), rulebook().symptoms).causes
    assert {str(cause.need) for cause in causes} == log.needs


@pytest.mark.parametrize("log", POSTED, ids=lambda log: log.id)
def test_the_family_names_them(log: Posted) -> None:
    plan = planned(log)
    assert sorted(plan.names) == sorted(log.packages), plan.unmet


def test_every_family_has_its_share() -> None:
    assert len(POSTED) >= LEAST_IN_ALL
    for family in FAMILIES:
        assert sum(log.family == family for log in POSTED) >= LEAST_PER_FAMILY, family
    assert len({log.id for log in POSTED}) == len(POSTED)


def test_excerpts_are_short_and_name_their_source() -> None:
    for log in POSTED:
        assert log.source.startswith("https://"), log
        assert len(log.log.splitlines()) <= LONGEST, log.id
        assert "/home/" not in log.log, f"{log.id} tells who posted it"
        assert "/Users/" not in log.log, f"{log.id} tells who posted it"
