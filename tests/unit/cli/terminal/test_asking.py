"""The question: yes, no, the log, and other packages."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from accel_doctor.cli.terminal.asking import ask
from accel_doctor.model.builds import Failed
from accel_doctor.model.cures import Confidence, Reason, SystemPackage
from accel_doctor.model.needs import Diagnosis, Need
from accel_doctor.model.plans import Case, Consent, Plan

REASONS = (Reason(Need.parse("command:curl-config"), "pycurl"),)
COMPILER = SystemPackage("gcc", (Reason(Need.parse("compiler:c"), "pycurl"),), Confidence.RULE, "r")
CURL = SystemPackage(
    *("libcurl4-openssl-dev", REASONS, Confidence.RULE, "r"),
    alternatives=(("libcurl4-gnutls-dev",), ("libcurl4-nss-dev", "libnss3-dev")),
)


@pytest.fixture
def typed(monkeypatch):
    """What is typed at the prompts, in order."""

    def prepare(*answers: str) -> None:
        left: Iterator[str] = iter(answers)
        monkeypatch.setattr(click.termui, "visible_prompt_func", lambda prompt: next(left))

    return prepare


@pytest.mark.parametrize(
    ("answers", "consent"),
    [(["y"], Consent.YES), (["YES"], Consent.YES), (["n"], Consent.NO), ([""], Consent.NO), (["?", "y"], Consent.YES)],
)
def test_yes_and_no(typed, answers, consent):
    typed(*answers)
    assert ask(Plan((COMPILER,)), []) is consent


def test_what_is_not_understood_is_explained(typed, capsys):
    typed("x", "n")
    ask(Plan((COMPILER,)), [])
    shown = capsys.readouterr().err
    assert "  y  do so\n  n  change nothing; this is the answer without one\n" in shown
    assert "  l  show the end of the logs of what failed\n  ?  explain these answers\n" in shown


@pytest.mark.parametrize("columns", [40, 80, 200, None])
def test_the_question_says_what_its_answers_do(monkeypatch, columns):
    asked = []
    monkeypatch.setattr(click.termui, "visible_prompt_func", lambda prompt: asked.append(prompt) or "n")
    ask(Plan((CURL,)), [], columns)
    assert " ".join(asked[0].split()) == ("Install 1 system package? [y yes, N no, l log, a alternatives, ? help]:")
    assert all(len(line) < (columns or 1000) for line in asked[0].split("\n"))


def test_without_a_log_the_reasons_are_shown(typed, capsys):
    typed("l", "n")
    assert ask(Plan((COMPILER,)), []) is Consent.NO
    shown = capsys.readouterr().err
    assert "nothing has failed, so there is no log; known without it:\n" in shown
    assert "  gcc  compiler:c for pycurl\n" in shown


def test_the_end_of_the_log_is_shown_and_drives_no_terminal(typed, capsys, tmp_path: Path):
    log = tmp_path / "build.log"
    log.write_text("".join(f"line {number}\n" for number in range(100)) + "\x1b]0;owned\x07last\n")
    typed("l", "n")
    assert ask(Plan((COMPILER,)), [Case(Failed("pycurl", log, "build", 1), Diagnosis(()))]) is Consent.NO
    shown = capsys.readouterr().err
    assert f"--- {log}" in shown
    assert "line 61\n" in shown
    assert "line 60\n" not in shown
    assert "\x1b" not in shown


def test_an_alternative_takes_the_package_s_place(typed, capsys):
    typed("a", "2")
    chosen = ask(Plan((COMPILER, CURL), commands=(("apt-get", "x"),)), [])
    assert "  2  libcurl4-nss-dev, libnss3-dev instead of libcurl4-openssl-dev\n" in capsys.readouterr().err
    assert isinstance(chosen, Plan)
    assert chosen.names == ("gcc", "libcurl4-nss-dev", "libnss3-dev")
    assert chosen.commands == ()
    nss = chosen.packages[1]
    assert nss.reasons == REASONS
    assert nss.alternatives == (("libcurl4-openssl-dev",), ("libcurl4-gnutls-dev",))


def test_none_of_the_alternatives(typed):
    plan = Plan((COMPILER, CURL))
    typed("a", "0")
    assert ask(plan, []) == plan


def test_without_alternatives_there_is_no_such_answer(typed, capsys):
    typed("a", "n")
    assert ask(Plan((COMPILER,)), []) is Consent.NO
    assert "alternatives" not in capsys.readouterr().err


def test_packages_that_meet_a_need_together_go_together():
    both = [SystemPackage(name, REASONS, Confidence.RULE, "r", (("clang",),)) for name in ("gcc", "libc6-dev")]
    plan = Plan(tuple(both))
    assert plan.instead("gcc", ("clang",)).names == ("clang",)
    assert plan.instead("gcc", ("clang",)).packages[0].alternatives == (("gcc", "libc6-dev"),)
