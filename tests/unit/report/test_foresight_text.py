"""What ``check`` foresees, in words."""

from __future__ import annotations

import pytest

from accel_doctor.foresight import Certainty, ForeseenBuild, ForeseenNeed, Foresight
from accel_doctor.model.cures import Confidence, Reason, SystemPackage
from accel_doctor.model.machine import Distribution
from accel_doctor.model.needs import Need
from accel_doctor.model.plans import Plan, Unmet
from accel_doctor.report.check_findings import ForesightReport
from accel_doctor.report.check_report import foresight_lines

DEBIAN = Distribution("debian", "13")
C, ODD = Need.parse("compiler:c"), Need.parse("cmake:Odd")
GCC = SystemPackage("gcc", (Reason(C, "one"),), Confidence.RULE, "rules/debian.yaml")


def build(certainty: Certainty, *needs: ForeseenNeed, name: str = "one") -> ForeseenBuild:
    return ForeseenBuild(name, "1.0", certainty, "no compatible wheel", needs=needs)


def lines(*builds: ForeseenBuild, plan: Plan = Plan(), probed: bool = True) -> list[str]:  # noqa: B008
    return foresight_lines(ForesightReport(DEBIAN, "3.13", True, probed, Foresight(builds, plan)))


def test_here_a_need_is_here_missing_or_not_seen():
    needs = (ForeseenNeed(C, False, ("gcc", "libc6-dev")), ForeseenNeed(ODD, None, ("odd",)), ForeseenNeed(ODD, True))
    assert lines(build(Certainty.CERTAIN, *needs), plan=Plan((GCC,), (), (("get", "gcc"),))) == [
        "Built from source:",
        "  one 1.0 (no compatible wheel)",
        "    compiler:c: missing, install gcc, libc6-dev",
        "    cmake:Odd: not seen, install odd",
        "    cmake:Odd: installed",
        "",
        "To install what is missing on debian 13, as root:",
        "  get gcc",
    ]


def test_elsewhere_there_is_only_what_to_install():
    needs = (ForeseenNeed(C, None, ("gcc",)), ForeseenNeed(ODD, None))
    unmet = (Unmet(Reason(ODD, "one"), "build it\x07 yourself"),)
    assert lines(build(Certainty.CERTAIN, *needs), plan=Plan((GCC,), unmet), probed=False) == [
        "Built from source:",
        "  one 1.0 (no compatible wheel)",
        "    compiler:c: install gcc",
        "    cmake:Odd: no known package",
        "",
        "cmake:Odd: build it\ufffd yourself",
    ]


def test_a_kept_wheel_that_waits_for_a_library_is_no_build():
    need = ForeseenNeed(Need.parse("soname:libpq.so.5"), False, ("libpq5",))
    assert lines(build(Certainty.NO, need), build(Certainty.NO, name="two")) == [
        "Cached wheels that link missing libraries:",
        "  one 1.0",
        "    soname:libpq.so.5: missing, install libpq5",
        "2 distributions need no build",
    ]


@pytest.mark.parametrize(
    ("builds", "probed", "expected"),
    [
        ((), True, ["nothing to install", "nothing is missing"]),
        (
            (build(Certainty.NO), build(Certainty.NO, name="two")),
            False,
            ["2 distributions need no build", "nothing is needed"],
        ),
        (
            (build(Certainty.CERTAIN), build(Certainty.NO, name="two")),
            True,
            [
                "Built from source:",
                "  one 1.0 (no compatible wheel)",
                "    its build needs are unknown",
                "1 other needs no build",
                "nothing is missing, as far as known",
            ],
        ),
        (
            (build(Certainty.POSSIBLE, ForeseenNeed(C, False, ("gcc",))), build(Certainty.POSSIBLE, name="two")),
            True,
            [
                "Built from source unless a compatible wheel exists:",
                "  one 1.0",
                "    compiler:c: missing, install gcc",
                "Unknown needs, if these are built: two",
                "nothing is missing",
            ],
        ),
    ],
)
def test_what_is_said_where_nothing_is_missing(builds, probed, expected):
    assert lines(*builds, probed=probed) == expected
