"""Lines wrap at words, hang, and can be pasted where they are commands."""

from __future__ import annotations

import shlex

import pytest

from accel_doctor.report.wrapping import emphasized, wrapped, wrapped_command

REASON = '  libpq-dev  command:pg_config for psycopg2: "Error: pg_config executable not found."'
SENTENCE = "  a sentence that goes on for a while, much longer than the screen of a telephone is wide"
COMMAND = ("apt-get", "-o", "DPkg::Lock::Timeout=120", "install", "-y", "--", "gcc", "a b")


def test_what_fits_stays_as_it_is():
    assert wrapped(REASON, 120) == [REASON]


def test_further_lines_hang():
    assert wrapped(SENTENCE, 50) == [
        "  a sentence that goes on for a while, much longer",
        "    than the screen of a telephone is wide",
    ]


def test_the_second_of_two_columns_stays_one():
    assert wrapped(REASON, 60) == [
        "  libpq-dev  command:pg_config for psycopg2: \"Error:",
        "             pg_config executable not found.\"",
    ]  # fmt: skip


def test_a_line_without_a_first_column_goes_on_in_the_second():
    line = "                  header:libpq-fe.h: psycopg2 needs it to build"
    assert wrapped(line, 55) == ["                  header:libpq-fe.h: psycopg2 needs it", "                  to build"]


def test_where_the_second_column_would_be_too_narrow_lines_hang():
    assert wrapped(REASON, 30)[1].startswith("    ")


@pytest.mark.parametrize("width", [40, 41, 57, 80, 200])
@pytest.mark.parametrize("line", [REASON, SENTENCE, "error: " + "word " * 60])
def test_no_line_is_too_long_and_no_word_is_lost(width, line):
    lines = wrapped(line, width)
    assert all(len(one) <= width for one in lines)
    assert " ".join(lines).split() == line.split()


def test_a_number_keeps_its_unit():
    assert wrapped("installed everything that was asked for 12.3 s", 45)[1] == "  12.3 s"


def test_a_long_word_is_left_whole():
    path = "/home/ann/.cache/accel-doctor/logs/20261130-001504-6872/02-build-zbarlight.log"
    assert path in wrapped(f"  log: {path}", 40)[-1]


@pytest.mark.parametrize("width", [40, 80, 200])
def test_commands_can_be_pasted(width):
    lines = wrapped_command(COMMAND, width)
    assert all(len(line) <= width for line in lines)
    assert tuple(shlex.split("\n".join(lines).replace("\\\n", ""))) == COMMAND


def test_names_stand_out_as_words():
    marked = "".join(
        f"<{part}>" if name else part for part, name in emphasized("gcc, gcc-14 and lib/gcc: gcc.", ["gcc"])
    )
    assert marked == "<gcc>, gcc-14 and lib/gcc: <gcc>."
    assert emphasized("nothing", []) == [("nothing", False)]
