"""Which Python a log is of."""

from __future__ import annotations

import io

import pytest
from books import load

from accel_doctor.diagnosis import WatchedStream, diagnose_stream

SYMPTOMS = load().symptoms
NO_HEADER = "x.c:1:10: fatal error: Python.h: No such file or directory\n"


def python_of(log: str) -> str | None:
    stream = WatchedStream(io.BytesIO(log.encode()))
    return stream.python_of(diagnose_stream(stream, SYMPTOMS))


@pytest.mark.parametrize(
    ("line", "version"),
    [
        ("gcc -I/usr/include/python3.12 -c x.c -o x.o", "3.12"),
        ("  gcc -c x.c -o build/temp.linux-x86_64-cpython-311/x.o", "3.11"),
        ("  Downloading numpy-2.4.0-cp314-cp314-manylinux_2_28_x86_64.whl (16 MB)", "3.14"),
        ("Using CPython 3.9.20 interpreter at: /usr/bin/python3.9", "3.9"),
        ("Using Python 3.10.2 environment at: .venv", "3.10"),
        ("py312: install_deps> python -I -m pip install python-prctl==1.8.1", "3.12"),
        ("py3.9: commands[0]> python -c 'import prctl'", "3.9"),
        ("py: commands[0]> python -c 'import prctl'", None),
        ("happy312: x", None),
    ],
)
def test_what_shows_it(line, version):
    assert python_of(f"{line}\n{NO_HEADER}") == version


def test_of_several_it_is_the_one_whose_build_failed():
    built, failed = "gcc -I/usr/include/python3.12 -c x.c\n", "gcc -I/usr/include/python3.13 -c x.c\n"
    assert python_of(9 * built + failed + NO_HEADER + 9 * built) == "3.13"
    assert python_of(failed + built + NO_HEADER + failed) == "3.12"
    # another thing that was missing before has nothing to do with Python's headers
    assert python_of(failed + "x.c:1:1: fatal error: zlib.h: No such file or directory\n" + built + NO_HEADER) == "3.12"


def test_what_is_shown_below_the_failure_is_better_than_nothing():
    assert python_of(NO_HEADER + "error: command gcc -I/usr/include/python3.12 failed\n") == "3.12"


@pytest.mark.parametrize(
    ("log", "names"),
    [
        ("   Building zbarlight==4.0\n   Building Python_LDAP==3.4.4\n", ("zbarlight", "python-ldap")),
        ("   \x1b[36m\x1b[1mBuilding\x1b[0m\x1b[39m pyxattr\x1b[2m==0.8.1\x1b[0m\r\n", ("pyxattr",)),
        ("Building wheels for collected packages: psycopg2, PyYAML\n", ("psycopg2", "pyyaml")),
        ("Building wheel for x (pyproject.toml): started\n[ 12%] Building CXX object a.o\n", ()),
        ("".join(f"   Building n{number}==1\n" for number in range(300)), tuple(f"n{n}" for n in range(200))),
    ],
)
def test_what_is_being_built(log, names):
    stream = WatchedStream(io.BytesIO(log.encode()))
    while stream.read(1 << 16):
        pass
    assert stream.building == names
