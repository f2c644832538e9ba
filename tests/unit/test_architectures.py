"""An arm64 machine, or any other that Debian supports, is answered like amd64, whose file lists the indexes have."""

from __future__ import annotations

from functools import cache

import pytest
from books import load
from fakes import FakeCatalogue

from accel_doctor.diagnosis import RuleAdviser, diagnose
from accel_doctor.fileindex import ReleaseIndexes
from accel_doctor.model.cures import Reason
from accel_doctor.model.machine import Distribution
from accel_doctor.model.needs import Need
from accel_doctor.system.python.platforms import assumed_interpreter

HERE = Distribution("debian", "13", "trixie")
AMD64, OTHERS = "x86_64-linux-gnu", ("aarch64-linux-gnu", "arm-linux-gnueabihf", "riscv64-linux-gnu", "i386-linux-gnu")
LINES = {
    "error: command 'TRIPLET-gcc' failed: No such file or directory": ["gcc", "libc6-dev"],
    "/bin/sh: 1: TRIPLET-g++: not found": ["g++"],
    "sh: 1: TRIPLET-gcc-12: not found": ["gcc", "libc6-dev"],
    "/bin/sh: 1: TRIPLET-ar: not found": ["binutils"],
    "FileNotFoundError: [Errno 2] No such file or directory: 'TRIPLET-gfortran'": ["gfortran"],
    "TRIPLET-pkg-config: command not found": ["pkgconf"],
    "/usr/bin/TRIPLET-ld: cannot find -lqdbm: No such file or directory": ["libqdbm-dev"],
    "make: *** No rule to make target '/usr/include/TRIPLET/curl/curl.h', needed by 'x.o'.  Stop.": [
        "libcurl4-openssl-dev"
    ],
    "cc1: fatal error: /usr/include/TRIPLET/openssl/opensslconf.h: No such file or directory": ["libssl-dev"],
    "FileNotFoundError: [Errno 2] No such file or directory: '/usr/include/TRIPLET/ffi.h'": ["libffi-dev"],
    "/usr/include/python3.13/pyconfig.h:3:12: fatal error: TRIPLET/python3.13/pyconfig.h: No such file or directory": [
        "libpython3.13-dev"
    ],
}


@cache
def adviser() -> RuleAdviser:
    return RuleAdviser(load(), HERE, assumed_interpreter(HERE, "3.13"), FakeCatalogue(), ReleaseIndexes(HERE))


@pytest.mark.parametrize("triplet", [AMD64, *OTHERS])
@pytest.mark.parametrize(("line", "names"), LINES.items())
def test_its_builds_are_answered_like_those_on_amd64(triplet: str, line: str, names: list[str]) -> None:
    causes = diagnose([line.replace("TRIPLET", triplet), "error: command failed"], load().symptoms, "x").causes
    assert list(adviser().plan([Reason(cause.need, "x", cause) for cause in causes]).names) == names


@pytest.mark.parametrize("triplet", [AMD64, *OTHERS])
def test_a_file_in_a_directory_of_the_architecture(triplet: str) -> None:
    choice = adviser().choice(Need.parse(f"file:usr/lib/{triplet}/libgmp.a"))
    assert choice
    assert (choice.packages, str(choice.need)) == (("libgmp-dev",), f"file:usr/lib/{triplet}/libgmp.a")


def test_the_tool_of_a_cross_compiler_is_not_said_to_be_nowhere() -> None:
    plan = adviser().plan([Reason(Need.parse("command:aarch64-linux-gnu-dwp"), "x")])
    assert plan.unmet[0].advice
    assert "search with" in plan.unmet[0].advice
