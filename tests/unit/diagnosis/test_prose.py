"""without_mere_words: in a sentence, only what a distribution has is the name of something missing."""

from __future__ import annotations

from books import load

from accel_doctor.diagnosis import diagnose, without_mere_words
from accel_doctor.model.needs import Diagnosis, Need

SYMPTOMS = load().symptoms


def told(log: str, *known: str) -> Diagnosis:
    diagnosis = diagnose(log.splitlines(), SYMPTOMS, "x")
    return without_mere_words(diagnosis, SYMPTOMS, {Need.parse(text) for text in known}.__contains__)


def needs(diagnosis: Diagnosis) -> list[str]:
    return [str(cause.need) for cause in diagnosis.causes]


def test_a_word_that_nothing_is_called_is_no_need():
    said = "RuntimeError: Could not find it; you may need to manually specify its location"
    diagnosis = told(f"{said}\nerror: command failed")
    assert (diagnosis.findings, diagnosis.summary, diagnosis.failed) == ((), said, True)


def test_a_name_counts():
    diagnosis = told("RuntimeError: You need to install libsndfile first", "library:sndfile")
    assert (needs(diagnosis), diagnosis.summary) == (["library:sndfile"], None)


def test_only_the_words_are_left_out():
    log = "Please install the flubber library\nPlease install the sndfile library\nerror: command failed"
    assert needs(told(log, "library:sndfile")) == ["library:sndfile"]


def test_what_a_message_names_counts_in_any_case():
    assert needs(told("x.c:1:10: fatal error: nowhere.h: No such file or directory")) == ["header:nowhere.h"]


def test_needs_that_a_sentence_stands_for_count_in_any_case():
    assert needs(told("error: Python 2 is required")) == ["build-constraint:python-version"]
