"""The wild cases fit together: cases, what was found out about them, results; and results are counted right."""

from __future__ import annotations

import pytest
from tools.wild.attempt import verdict
from tools.wild.cases import FIRST_SIGHT, NOW, Case, Verified, read_cases, read_oracle
from tools.wild.summary import failures, in_vain, read_results, table


def test_cases_are_complete():
    cases = read_cases()
    assert len({case.id for case in cases}) == len(cases) >= 120
    assert {case.suite for case in cases} == {"bookworm", "trixie"}
    assert {case.kind for case in cases} == {"sdist", "no-binary", "runtime-library", "old-pin", "file"}
    assert all(case.requirements and case.imports and case.domain for case in cases)


@pytest.mark.parametrize("names", [read_oracle(), read_results(FIRST_SIGHT), read_results(NOW)])
def test_only_known_cases_are_answered(names):
    assert set(names) <= {case.id for case in read_cases()}


def test_the_incurable_have_a_reason():
    assert all(known.cure if known.curable else known.reason for known in read_oracle().values())


def test_the_first_sight_of_a_case_is_written_once():
    lines = FIRST_SIGHT.read_text().splitlines() if FIRST_SIGHT.exists() else []
    assert len(read_results(FIRST_SIGHT)) == len(lines)


@pytest.mark.parametrize(
    ("code", "imported", "poorer", "expected"),
    [
        (0, "ok", [], "works"),
        (0, "ok", ["pyyaml"], "poorer wheel"),
        (0, "ImportError: libxcb.so", [], "false success"),
        (3, "ok", [], "imports, but said to fail"),
        (3, "ImportError", [], "failed"),
        (124, "ImportError", [], "out of time"),
    ],
)
def test_verdict(code, imported, poorer, expected):
    assert verdict({"exit_code": code, "imports": {"yaml": imported}, "poorer": poorer}) == expected


def result(name, verdict_, *transactions):
    made = [{"packages": ["gcc"], "installed": 9, "unused": list(unused)} for unused in transactions]
    return {"case": name, "verdict": verdict_, "exit_code": 0, "transactions": made}


def test_table_counts_what_is_curable():
    cases = [Case(name, "trixie", "sdist", "x", (name,), (name,), ()) for name in ("a", "b", "c")]
    answers = (result("a", "works", ["gcc"], []), result("b", "failed"), result("c", "failed"))
    results = {one["case"]: one for one in answers}
    oracle = {"c": Verified(False, reason="needs Python 2")}
    lines = table(cases, results, oracle, unused=True).splitlines()
    assert lines[-1] == "| all | 3 | 2 | 1 (50 %) | 0 | 2.00 | 1 |"
    assert [line.count("|") for line in lines] == [8] * 4
    fewer = table(cases, results, oracle, unused=False).splitlines()
    assert (fewer[-1], fewer[1]) == ("| all | 3 | 2 | 1 (50 %) | 0 | 2.00 |", "|---|---|---|---|---|---|")
    assert failures(results.values(), oracle).splitlines() == [
        "b: failed, exit code 0: not looked at",
        "c: failed, exit code 0: incurable: needs Python 2",
    ]


def test_what_was_installed_in_vain_is_listed():
    results = [result("a", "works", ["gcc"]), result("b", "failed", []), result("c", "failed")]
    oracle = {name: Verified(False, reason="needs Python 2") for name in ("b", "c")}
    assert in_vain(results, oracle).splitlines() == [
        "Incurable: 2, nothing installed for 1",
        "b: 1 transactions: needs Python 2",
    ]
