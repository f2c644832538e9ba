"""What the builds lacked that went on without an extension module."""

from __future__ import annotations

import pytest
from books import load

from accel_doctor.diagnosis import diagnose, left_out

SYMPTOMS = load().symptoms
ENDING = [
    "running bdist_wheel",
    "creating build/bdist",
    "adding 'x/__init__.py'",
    "Successfully built x-1-py3-none-any.whl",
]

PYYAML = """\
building 'yaml._yaml' extension
x86_64-linux-gnu-gcc -I/usr/include/python3.13 -c yaml/_yaml.c -o build/temp/yaml/_yaml.o
yaml/_yaml.h:2:10: fatal error: yaml.h: No such file or directory
    2 | #include <yaml.h>
compilation terminated.
Error compiling module, falling back to pure Python
"""
COVERAGE = """\
building 'coverage.tracer' extension
x86_64-linux-gnu-gcc -c coverage/ctracer/datastack.c -o build/temp/coverage/ctracer/datastack.o
**
** Couldn't install with extension module, trying without it...
** BuildFailed: [Errno 2] No such file or directory: 'x86_64-linux-gnu-gcc'
**
"""
MARKUPSAFE = """\
building 'markupsafe._speedups' extension
x86_64-linux-gnu-gcc -c src/markupsafe/_speedups.c -o build/temp/src/markupsafe/_speedups.o
==========================================================================
WARNING: The C extension could not be compiled, speedups are not enabled.
Failure information, if any, is above.
"""
WRAPT = """\
building 'wrapt._wrappers' extension
warning: build_ext: building extension "wrapt._wrappers" failed: [Errno 2] No such file or directory: 'cc'
"""


@pytest.mark.parametrize(
    ("log", "needs", "said"),
    [
        (PYYAML, ["header:yaml.h"], "Error compiling module, falling back to pure Python"),
        (COVERAGE, ["compiler:c"], "** Couldn't install with extension module, trying without it..."),
        (WRAPT, ["compiler:c"], WRAPT.splitlines()[1]),
        (MARKUPSAFE, [], MARKUPSAFE.splitlines()[3]),
        ("building 'x._x' extension\ngcc -c x.c", [], None),
        ("checking for yaml.h... no", [], None),
    ],
)
def test_what_was_lacking_is_in_the_lines_around(log, needs, said):
    found, first = left_out([*log.splitlines(), *ENDING], SYMPTOMS, "x")
    assert ([str(one.need) for one in found], first) == (needs, said)
    lines = log.splitlines()
    assert all(one.evidence in lines[one.line - 1] for one in found)
    assert {one.package for one in found} <= {"x"}


def test_a_message_in_the_last_line_counts_and_what_failed_otherwise_does_not():
    last = WRAPT.splitlines()
    found, _ = left_out(
        ["configure.c:1:10: fatal error: zlib.h: No such file or directory", *["x"] * 500, *last], SYMPTOMS, "x"
    )
    assert [(str(one.need), one.line) for one in found] == [("compiler:c", 503)]


def test_in_a_failed_build_such_a_message_is_no_need():
    assert diagnose([MARKUPSAFE.splitlines()[3], "error: x"], SYMPTOMS, "x").causes == ()
