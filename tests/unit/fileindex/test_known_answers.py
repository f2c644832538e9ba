"""What Debian's Python sources look for, and which build dependency has it (see tests/collect_known_answers.py).

The floors are what docs/explanation/accuracy.md reports, less a little.
"""

import json
from collections import defaultdict

import pytest
from paths import DATA

from accel_doctor.fileindex import find_index, rank
from accel_doctor.model.cures import Confidence
from accel_doctor.model.machine import Distribution
from accel_doctor.model.needs import Need

ANSWERS = json.loads((DATA / "known_answers.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def results() -> dict[str, list[tuple[bool, Confidence]]]:
    index = find_index(Distribution("debian", "13"))
    results = defaultdict(list)
    for row in ANSWERS:
        need = Need.parse(row["need"])
        ranking = rank(need, index)
        right = bool(ranking.candidates) and ranking.candidates[0].package.name in row["answers"]
        results[need.kind.value].append((right, ranking.confidence))
    return results


def share(answers: list[bool]) -> float:
    return sum(answers) / len(answers)


def test_the_first_choice_is_right(results):
    rates = {kind: share([right for right, _ in answers]) for kind, answers in results.items()}
    for kind, rate in rates.items():
        print(f"{kind}: {rate:.1%} of {len(results[kind])}")
    everything = [right for answers in results.values() for right, _ in answers]
    print(f"all: {share(everything):.1%} of {len(everything)}")
    assert len(everything) >= 300
    assert share(everything) >= 0.97, rates
    assert [kind for kind, rate in rates.items() if rate < 0.95] == []


def test_what_is_called_sure_is_sure(results):
    sure = [right for answers in results.values() for right, confidence in answers if confidence is Confidence.INDEX]
    print(f"sure: {share(sure):.1%} of {len(sure)}")
    assert share(sure) >= 0.99
    assert len(sure) >= 0.8 * len(ANSWERS)  # not by calling everything a guess
