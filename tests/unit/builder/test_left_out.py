"""What a successful build lacked: its log says so, or its wheel."""

from __future__ import annotations

import pytest
from books import load
from fakes import FakeMachine, FakeProber

from accel_doctor.builder.left_out import lacked

ATTEMPT = "building 'x._x' extension\ngcc -c x.c\n"
WARNING = "WARNING: The C extension could not be compiled, speedups are not enabled."


@pytest.fixture
def reasons(tmp_path):
    def reasons(log: str, language: str | None, *installed: str) -> list[tuple[str, str | None]]:
        path = tmp_path / "build.log"
        path.write_text(log)
        machine = FakeMachine(provides={"compiler:c": "gcc"}, installed=set(installed))
        found = lacked("x", path, language, lambda: load().symptoms, FakeProber(machine))
        assert {one.package for one in found} <= {"x"}
        return [(str(one.need), one.finding.evidence if one.finding else one.why) for one in found]

    return reasons


def test_the_log_says_what_was_lacking(reasons):
    log = f"x.c:1:10: fatal error: yaml.h: No such file or directory\n{WARNING}\n"
    assert reasons(log, "c") == [("header:yaml.h", log.splitlines()[0])]
    assert reasons(log, None, "gcc") == [("header:yaml.h", log.splitlines()[0])]


def test_without_a_compiler_a_wheel_without_binaries_is_poorer(reasons):
    assert reasons(ATTEMPT + WARNING, "c") == [("compiler:c", f'"{WARNING}"')]
    assert reasons("running build", "c") == [
        ("compiler:c", "its source has code in c, and its wheel has no extension module")
    ]
    assert reasons(ATTEMPT + WARNING, "c", "gcc") == []
    assert reasons(ATTEMPT, None) == []
