"""A package manager's text is shown where it asks, and only there."""

from __future__ import annotations

import os
import termios
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from accel_doctor.system.process.quiet import QuietOutput


@dataclass
class Listener:
    said: list[str] = field(default_factory=list)

    def hear(self, line: str) -> None:
        self.said.append(line)

    def asked(self) -> None:
        self.said.append("<asked>")

    def answered(self) -> None:
        self.said.append("<answered>")

    def interrupted(self) -> None:
        self.said.append("<interrupted>")


@pytest.fixture
def terminal() -> Iterator[int]:
    ours, theirs = os.openpty()
    yield ours
    os.close(ours)
    os.close(theirs)


def modes(terminal: int, *off: int) -> None:
    settings = termios.tcgetattr(terminal)
    for mode in off:
        settings[3] &= ~mode
    termios.tcsetattr(terminal, termios.TCSANOW, settings)


@pytest.mark.parametrize(
    "output",
    [
        b"Setting up gcc (4:14.2.0-1) ...\r\n",
        b"(Reading database ... ",
        b"\r0% [Working]",
        b"3% [4 cpp 10.8 kB/11.0 MB 0%]  111 kB/s\r4% [4 cpp 99 kB/11.0 MB 1%]",
        b"Reading package lists... 45%",
        b"",
    ],
)
def test_progress_stays_unseen(terminal, output):
    listener = Listener()
    quiet = QuietOutput(terminal, listener)
    assert quiet.shown(output) == b""
    assert quiet.silent() == b""
    assert "<asked>" not in listener.said


def test_dpkg_without_echo_and_lines_does_not_ask(terminal):
    modes(terminal, termios.ECHO, termios.ICANON)
    quiet = QuietOutput(terminal, Listener())
    quiet.shown(b"Unpacking gcc (4:14.2.0-1) ...\r\n")
    assert quiet.silent() == b""


@pytest.mark.parametrize(
    "question",
    [
        b"Is this ok [y/N]: ",
        b":: Proceed with installation? [Y/n] ",
        b"*** sshd_config (Y/I/N/O/D/Z) [default=N] ? ",
        b"[sudo] password for ann: ",
    ],
)
def test_a_question_is_shown_with_what_was_said_before_it(terminal, question):
    listener = Listener()
    quiet = QuietOutput(terminal, listener)
    quiet.shown(b"".join(b"line %d\r\n" % number for number in range(50)) + question)
    shown = quiet.silent()
    assert shown.endswith(b"line 49\r\n" + question)
    assert b"line 30\r\n" not in shown
    assert listener.said[-1] == "<asked>"
    assert quiet.shown(b"y") == b"y"  # its echo
    assert quiet.typed(b"y\r") == b"\r\n"
    assert quiet.shown(b"\r\nUnpacking gcc\r\n") == b""
    assert "<answered>" in listener.said


def test_a_password_is_asked_for_in_any_words(terminal):
    modes(terminal, termios.ECHO)
    quiet = QuietOutput(terminal, Listener())
    quiet.shown(b"Bitte das Passwort\r\n")
    assert quiet.silent() == b"Bitte das Passwort\r\n"


def test_a_dialog_is_shown_whole(terminal):
    quiet = QuietOutput(terminal, Listener())
    dialog = b"\x1b[2J" + b"\x1b[5;10H| Package configuration |\r\n" * 20 + b"\x1b[20;30H<Ok>"
    quiet.shown(b"Preconfiguring packages ...\r\n" + dialog)
    assert quiet.silent() == dialog


def test_lines_are_heard_also_those_that_are_written_over(terminal):
    listener = Listener()
    quiet = QuietOutput(terminal, listener)
    quiet.shown(b"0% [1 gcc]\r5% [1 gcc]\r\nUnpack")
    quiet.shown(b"ing gcc\r\n")
    assert [line for line in listener.said if line] == ["0% [1 gcc]", "5% [1 gcc]", "Unpacking gcc"]
