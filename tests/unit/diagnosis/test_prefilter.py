"""No line that any symptom's text is in may be passed over, however the texts' rarest characters fall."""

import pytest
from books import load

from accel_doctor.diagnosis.diagnosing import diagnose
from accel_doctor.diagnosis.prefilter import Pieces, SymptomIndex
from accel_doctor.rulebook import Symptom, SymptomRole

SYMPTOMS = load().symptoms
TEXTS = sorted({text for symptom in SYMPTOMS for text in symptom.contains})


def made_up(*contains):
    return Symptom("x", SymptomRole.ECHO, contains, ())


@pytest.mark.parametrize("around", ["{}", "{}{}", "x{}x", ": {}", "checking {} k y", "{}\u2018", "é{}é"])
def test_every_text_is_found_wherever_it_stands(around):
    index = SymptomIndex(SYMPTOMS)
    lost = [
        text
        for text in TEXTS
        if not index.wanted.search(around.format(text, text).encode())
        or not {symptom.id for symptom in SYMPTOMS if text in symptom.contains}
        <= {symptom.id for symptom in index.candidates(around.format(text, text))}
    ]
    assert lost == []


def test_texts_that_overlap_or_begin_alike_are_all_found():
    symptoms = [made_up(text) for text in ("qz", "q", "aqz", "zzzzzzzzzzzzq", "qzqz", "q y", "no q")]
    candidates = SymptomIndex(symptoms).candidates("zzzzzzzzzzzzqzqz, aqz and no q y")
    assert [symptom.contains[0] for symptom in candidates] == [symptom.contains[0] for symptom in symptoms]


def test_lines_that_say_nothing_are_passed_over():
    line = b"gcc -O2 -Wall -fPIC -I/usr/include/python3.11 -c src/a.c -o build/temp/src/a.o"
    assert not SymptomIndex(SYMPTOMS).wanted.search(line)


def test_candidates_come_once_and_in_the_order_of_the_rules():
    first, second = made_up("missing", "not found"), made_up("not found")
    assert SymptomIndex([first, second]).candidates("not found: missing, not found") == [first, second]


def test_what_follows_and_what_stands_before_must_both_fit():
    pieces = Pieces.of(frozenset({"is absent", "is required"}))
    lines = "is absent", "as absent", "is abs", "is required", "as required", "is", "d", ""
    assert [line for line in lines if pieces.in_text.search(line)] == ["is absent", "is required"]


@pytest.mark.parametrize(
    "line", ["ERROR: it conflicts", "x: error: it", "ValueError:\tit", "TypeError: it", "OSException: it"]
)
def test_lines_that_a_summary_may_quote_are_looked_at(line):
    found = diagnose(["begin\n", line + "\n", "end\n"], SYMPTOMS)
    assert (found.summary, found.failed) == (line.expandtabs(8), True)
