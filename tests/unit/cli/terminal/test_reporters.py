"""What a run shows: plain lines, and who is asked."""

from __future__ import annotations

import re
import threading
from contextlib import closing
from pathlib import Path

import click
import pytest

from accel_doctor.cli.terminal.live import LiveReporter
from accel_doctor.cli.terminal.reporters import PlainReporter, command_reporter_for, reporter_for
from accel_doctor.cli.terminal.streams import Terminal
from accel_doctor.model.builds import Built, Failed, Source, SourceKind, Wheel
from accel_doctor.model.cures import Confidence, Reason, SystemPackage
from accel_doctor.model.machine import Distribution
from accel_doctor.model.needs import Need
from accel_doctor.model.plans import Consent, Plan

DEBIAN = Distribution("debian", "13")
CFFI = Source("cffi", "2", SourceKind.SDIST, "x")
PLAN = Plan(
    (SystemPackage("gcc", (Reason(Need.parse("compiler:c"), "cffi"),), Confidence.RULE, "r"),),
    commands=(("apt-get", "install", "gcc"),),
)


def terminal(*, interactive: bool = False, live: bool = False, verbosity: int = 0) -> Terminal:
    return Terminal(interactive=interactive, live=live, color=False, verbosity=verbosity)


def tell_all(reporter: PlainReporter) -> None:
    with closing(reporter):
        reporter.step("Building")
        reporter.build_started(CFFI)
        reporter.build_phase(CFFI, "compile")
        reporter.build_finished(CFFI, Built(CFFI, Wheel(Path("w"), "0"), reused=False, seconds=1.5))
        reporter.build_finished(CFFI, Failed("cffi", Path("l"), "build", 1, 2.5))
        reporter.note("careful")


@pytest.mark.parametrize(
    ("verbosity", "lines"),
    [
        (0, ["Building", "building cffi 2", "built cffi 2 in 1.5 s", "careful"]),
        (
            1,
            [
                "Building",
                "building cffi 2",
                "cffi 2: compile",
                "built cffi 2 in 1.5 s",
                "careful",
            ],
        ),
        (-1, ["careful"]),
        (-2, []),
    ],
)
def test_plain_lines_go_to_stderr_and_quiet_hides_as_in_pip(capsys, verbosity, lines):
    tell_all(reporter_for(terminal(verbosity=verbosity), DEBIAN))
    captured = capsys.readouterr()
    assert captured.err.splitlines() == lines
    assert captured.out == ""


def test_commands_are_results_and_go_to_stdout(capsys):
    reporter_for(terminal(), DEBIAN).commands(PLAN)
    assert capsys.readouterr().out == "apt-get install gcc\n"


def test_without_a_terminal_nobody_is_asked():
    assert reporter_for(terminal(), DEBIAN).ask(PLAN) is Consent.NOBODY_TO_ASK


@pytest.mark.parametrize(
    ("answer", "consent"), [("y\n", Consent.YES), ("yes\n", Consent.YES), ("n\n", Consent.NO), ("\n", Consent.NO)]
)
def test_the_question_defaults_to_no(monkeypatch, answer, consent):
    monkeypatch.setattr(click.termui, "visible_prompt_func", lambda prompt: answer.strip())
    assert reporter_for(terminal(interactive=True), DEBIAN).ask(PLAN) is consent


def test_the_live_table_leaves_the_same_lines_behind(capsys):
    reporter = reporter_for(terminal(live=True), DEBIAN)
    assert isinstance(reporter, LiveReporter)
    tell_all(reporter)
    error = capsys.readouterr().err
    for line in ("Building", "built cffi 2 in 1.5 s", "careful"):
        assert line in error


GITHUB = """\
::group::Building
building cffi 2
built cffi 2 in 1.5 s
::endgroup::
careful
"""
GITLAB = (
    "\x1b[0Ksection_start:T:accel_doctor_1\r\x1b[0KBuilding\nbuilding cffi 2\nbuilt cffi 2 in 1.5 s\n"
    "\x1b[0Ksection_end:T:accel_doctor_1\r\x1b[0K\ncareful\n"
)


@pytest.mark.parametrize(("variable", "log"), [("GITHUB_ACTIONS", GITHUB), ("GITLAB_CI", GITLAB)])
def test_services_fold_the_lines_of_a_step_but_not_what_went_wrong(capfd, variable, log):
    tell_all(reporter_for(Terminal.of({variable: "true", "CI": "true", "TERM": "xterm"}), DEBIAN))
    assert re.sub(r":\d{10,}:", ":T:", capfd.readouterr().err.replace("\r\n", "\n")) == log


@pytest.mark.parametrize(
    ("variables", "colored"),
    [
        ({}, False),
        ({"FORCE_COLOR": "1"}, True),
        ({"FORCE_COLOR": "0"}, False),
        ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, False),
        ({"ACCEL_DOCTOR_COLOR": "always", "NO_COLOR": "1"}, True),
        ({"ACCEL_DOCTOR_COLOR": "never", "FORCE_COLOR": "1"}, False),
    ],
)
def test_color_in_a_pipe(capsys, variables, colored):
    tell_all(reporter_for(Terminal.of({**variables, "TERM": "xterm"}), DEBIAN))
    assert ("\x1b[" in capsys.readouterr().err) == colored


def test_names_stand_out(capsys):
    reporter = reporter_for(Terminal.of({"FORCE_COLOR": "1"}), DEBIAN)
    reporter.plan(PLAN, None)
    error = capsys.readouterr().err
    assert f"  {click.style('gcc', bold=True)}  compiler:c: cffi needs it to build" in error


def test_after_an_interrupt_what_was_begun_ends_unheard(capsys):
    reporter = reporter_for(terminal(), DEBIAN)
    reporter.stopping()
    late = threading.Thread(
        target=reporter.build_finished, args=(CFFI, Built(CFFI, Wheel(Path("w"), "0"), reused=False))
    )
    late.start()
    late.join()
    reporter.note("no system packages were installed")
    assert capsys.readouterr().err == "stopping…\nno system packages were installed\n"


def test_quiet_needs_no_table():
    assert type(reporter_for(terminal(live=True, verbosity=-1), DEBIAN)) is PlainReporter


def test_between_the_runs_of_a_command_lines_begin_with_our_name(capsys):
    for live in (False, True):
        reporter = command_reporter_for(terminal(live=live), DEBIAN)
        with closing(reporter):
            reporter.step("Installing 1 system package")
            reporter.give_way("running again: make")
    line = "accel-doctor: Installing 1 system package\naccel-doctor: running again: make\n"
    assert capsys.readouterr().err == 2 * line


def test_in_a_pipe_commands_of_a_plan_have_our_name_too(capsys):
    command_reporter_for(terminal(), DEBIAN).plan(PLAN, None)
    assert capsys.readouterr().err.endswith("accel-doctor:   apt-get install gcc\n")
