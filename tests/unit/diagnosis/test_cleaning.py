"""Log lines as a person reads them."""

import re

import pytest

from accel_doctor.diagnosis.cleaning import MAXIMUM_LENGTH, clean
from accel_doctor.diagnosis.scanning import LogLines, line_blocks


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        ("plain\n", "plain"),
        ("      indented  \r\n", "      indented"),
        ("\x1b[01m\x1b[Ka.c:1:\x1b[m\x1b[K \x1b[01;31m\x1b[Kfatal error: \x1b[m\x1b[Kx.h", "a.c:1: fatal error: x.h"),
        ("\x1b]8;;https://example.org\x07link\x1b]8;;\x07", "link"),
        (" 10%\r 50%\r100% done", "100% done"),
        ("a\x00b\x07c", "abc"),
        ("a\tb", "a       b"),
        ("  │ exit code: 1", "    exit code: 1"),
        ("  ╰─> [15 lines of output]", "      [15 lines of output]"),
        ("  ╰─▶ Call to `setuptools.build_meta` failed (exit status: 1)",
         "      Call to `setuptools.build_meta` failed (exit status: 1)"),
        ("  \u00d7 Failed to build `x==1.0`", "    Failed to build `x==1.0`"),
        ("  = note: /usr/bin/ld: cannot find -lpq", "          /usr/bin/ld: cannot find -lpq"),
        ("#12 3.456 gcc: not found", "gcc: not found"),
        ("2025-01-31T12:00:00.1234567Z error: x", "error: x"),
        ("2024-04-30 21:19:14,671 ! error: x", "error: x"),
        ("[12:00:01.234] error: x", "error: x"),
        ("9:05:11 AM: error: x", "error: x"),
        ("[ERROR]: error: x", "error: x"),
        ("[pipenv.exceptions.InstallError]:   Error: x", "  Error: x"),
        ("[InstallError]: x", "x"),
        ("pdm.termui:   error: x", "  error: x"),
        ("remote:        error: x", "       error: x"),
        ("npm error make: g++: not found", "make: g++: not found"),
        ("npm ERR! gyp ERR! x", "gyp ERR! x"),
        ('Step #2 - "build": error: x', "error: x"),
        ("Jan 31 12:00:00 host pip[12]: error: x", "error: x"),
        ("2 errors generated.", "2 errors generated."),
        ("Step #2 of 9", "Step #2 of 9"),
        ("=== x ===", "=== x ==="),
        ("x" * 10_000, "x" * MAXIMUM_LENGTH),
    ],
)  # fmt: skip
def test_clean(raw, text):
    assert clean(raw).strip() == text.strip()
    if not raw.startswith(("#", "2025")):
        assert clean(raw).startswith(" ") == text.startswith(" ")


def read(log: str) -> list[tuple[int, str]]:
    return list(LogLines(line_blocks(log.splitlines()), re.compile(b"rror|done")))


def test_only_wanted_lines_come_with_their_numbers():
    assert read("nothing\n  error: x\nnothing\ndone\n") == [(2, "error: x"), (4, "done")]


def test_a_coloured_line_is_cleaned_before_it_is_judged():
    assert read("e\x1b[31mrror: x\n") == [(1, "error: x")]


@pytest.mark.parametrize("margin", ["", "      ", "            "])
def test_a_wrapped_cmake_error_is_one_line(margin):
    log = """\
CMake Error at CMakeLists.txt:2 (find_package):
  Could not find a package configuration file provided by
  "Foo" with any of the following names:

    FooConfig.cmake

-- done
""".splitlines()
    assert read("\n".join(margin + line for line in log)) == [
        (
            1,
            "CMake Error at CMakeLists.txt:2 (find_package): Could not find a package configuration file provided by "
            '"Foo" with any of the following names: FooConfig.cmake',
        ),
        (7, "-- done"),
    ]


def test_two_cmake_errors_in_a_row_and_one_cut_off():
    log = "CMake Error at a:1 (x):\n  one\nCMake Error at b:1 (x):\n  two"
    assert read(log) == [(1, "CMake Error at a:1 (x): one"), (3, "CMake Error at b:1 (x): two")]


def test_an_endless_cmake_error_is_cut():
    ((number, text),) = read("CMake Error at a:1 (x):\n" + "  more words\n" * 10_000)
    assert number == 1
    assert len(text) <= MAXIMUM_LENGTH


def test_output_printed_as_bytes_is_read_line_by_line():
    log = "one\n" + repr("make: \u2018x\u2019 error: a\ncc b.c\n\terror: c\n".encode()) + "\nerror: d"
    assert read(log) == [(2, "make: \u2018x\u2019 error: a"), (2, "cc b.c"), (2, "error: c"), (3, "error: d")]


@pytest.mark.parametrize("line", ["b'error: cut\\n", "b'error: a\\n' + x()", "b'error: " + "x" * 100_000 + "\\n'"])
def test_what_is_no_bytes_object_stays_a_line(line):
    assert read(line) == [(1, line[:MAXIMUM_LENGTH])]
