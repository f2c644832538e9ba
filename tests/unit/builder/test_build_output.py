"""Phases and progress of a build, by what ninja, make, cargo and setuptools print."""

from __future__ import annotations

import pytest
from fakes import FakeReporter

from accel_doctor.builder.build_output import BuildOutput
from accel_doctor.model.builds import Amount, Source, SourceKind

NUMPY = Source("numpy", "2", SourceKind.SDIST, "x")
GCC = "x86_64-linux-gnu-gcc -pthread -fPIC -I/usr/include/python3.13 -c {0}.c -o build/temp/{0}.o"


def heard(*lines: str) -> FakeReporter:
    reporter = FakeReporter()
    output = BuildOutput(NUMPY, reporter)
    for line in lines:
        output.hear(line)
    return reporter


@pytest.mark.parametrize(
    ("lines", "amount"),
    [
        (["[173/490] Compiling C object numpy/_core/x.c.o"], Amount(173, 490)),
        (["[ 45%] Building CXX object CMakeFiles/x.dir/x.cpp.o"], Amount(45, 100, "%")),
        (["   Compiling libc v0.2.1", "   Compiling pyo3 v0.25.0 (/x)"], Amount(2, None, "crate")),
        ([GCC.format("a"), GCC.format("b"), "gcc -shared build/temp/a.o -o a.so"], Amount(2, None, "file")),
        (["  CC       src/a.lo", "  CC       src/b.lo"], Amount(2, None, "file")),
        (["[1/45] Cythonizing lxml/etree.pyx"], Amount(1, 45)),
        (["[12 of 45] Compiling Main"], Amount(12, 45)),
    ],
)
def test_progress(lines, amount):
    reporter = heard("Building wheel", *lines)
    assert reporter.amounts[-1] == amount
    assert reporter.phases == ["build", "compile"]


@pytest.mark.parametrize(
    "line",
    ["[5/3] x", "[0/0] x", "[999%] x", "see [1/2] in the text", "copying a.py -> build/lib", "[" * 5000 + "1/2]"],
)
def test_what_is_no_progress(line):
    assert heard(line).amounts == []


def test_phases_are_reported_once():
    lines = ["Installing build requirements", "Getting requirements to build wheel", "Building wheel"]
    assert heard(*lines, "running build_ext", "running build_ext").phases == ["build requirements", "build", "compile"]
