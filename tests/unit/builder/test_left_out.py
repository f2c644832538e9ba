"""What a successful build lacked: its log says so, or its wheel."""

from __future__ import annotations

from zipfile import ZipFile

import pytest
from books import load
from fakes import FakeMachine, FakeProber

from accel_doctor.builder.left_out import lacked

ATTEMPT = "building 'x._x' extension\ngcc -c x.c\n"
WARNING = "WARNING: The C extension could not be compiled, speedups are not enabled."
OLD = "x/_x.c:209:12: fatal error: longintrepr.h: No such file or directory\nBuildFailed: going on without it\n"
MODULE = "x/_x.cpython-311-x86_64-linux-gnu.so"


@pytest.fixture
def reasons(tmp_path):
    def reasons(
        log: str, *installed: str, source: str = "x.c", wheel: str = "x/__init__.py", promised: bool = False
    ) -> list[tuple[str, str | None]]:
        path, made, tree = tmp_path / "build.log", tmp_path / "x-1.whl", tmp_path / source
        path.write_text(log)
        tree.mkdir(exist_ok=True)
        (tree / source).touch()
        with ZipFile(made, "w") as archive:
            archive.writestr(wheel, "")
        prober = FakeProber(FakeMachine(provides={"compiler:c": "gcc"}, installed=set(installed)))
        found = lacked("x", tree, made, path, lambda: load().symptoms, prober, lambda: promised)
        assert {one.package for one in found} <= {"x"}
        return [(str(one.need), one.finding.evidence if one.finding else one.why) for one in found]

    return reasons


def test_the_log_says_what_was_lacking(reasons):
    log = f"x.c:1:10: fatal error: yaml.h: No such file or directory\n{WARNING}\n"
    assert reasons(log, "gcc") == [("header:yaml.h", log.splitlines()[0])]
    assert reasons(log, source="x.py") == [("header:yaml.h", log.splitlines()[0])]


def test_without_a_compiler_a_wheel_without_binaries_is_poorer(reasons):
    assert reasons(ATTEMPT + WARNING) == [("compiler:c", f'"{WARNING}"')]
    assert reasons("running build") == [
        ("compiler:c", "its source has code in c, and its wheel has no extension module")
    ]
    assert reasons("running build", "gcc") == []


def test_what_a_script_says_plainly_comes_with_the_compiler_that_it_lacks_too(reasons):
    log = "pkg-config not found.\nFalling back to the slow stringprep module.\n"
    assert reasons(log) == [
        ("command:pkg-config", "pkg-config not found."),
        ("compiler:c", '"Falling back to the slow stringprep module."'),
    ]
    assert reasons("Cython not found, falling back to the slow stringprep module.", "gcc") == [
        ("python-module:Cython", "Cython not found, falling back to the slow stringprep module.")
    ]


def test_a_module_that_a_build_set_out_to_make_is_missing_from_its_wheel(reasons):
    assert reasons(ATTEMPT + OLD, "gcc") == [("build-constraint:python-too-new", OLD.splitlines()[0])]
    assert reasons(ATTEMPT, "gcc") == [("build-constraint:extension-missing", "its build made no x._x")]
    assert reasons(ATTEMPT, "gcc", wheel=MODULE) == []
    other = "building 'x._y' extension\n"
    assert reasons(ATTEMPT + other, "gcc", wheel=MODULE) == [
        ("build-constraint:extension-missing", "its build made no x._y")
    ]


def test_a_wheel_without_binaries_is_poorer_where_the_index_has_others_only(reasons):
    why = "wheels of this release have extension modules"
    assert reasons("running build", "gcc", promised=True) == [("build-constraint:extension-missing", why)]
    assert reasons("running build", "gcc", source="x.py", promised=True) == []
    assert reasons("running build", "gcc", wheel=MODULE, promised=True) == []
