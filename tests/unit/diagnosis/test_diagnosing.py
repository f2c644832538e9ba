"""What a log says: causes and echoes, the package that spoke, the line to show."""

import io
import sys
import tracemalloc

import pytest
from books import load
from paths import CASES

from accel_doctor.diagnosis import diagnose, diagnose_stream
from accel_doctor.diagnosis.diagnosing import MAXIMUM_EVIDENCE, MAXIMUM_FINDINGS
from accel_doctor.diagnosis.scanning import BLOCK, LONGEST_LINE
from accel_doctor.model.needs import Finding, Need, Role

SYMPTOMS = load().symptoms

PIP = """\
Collecting psycopg2==2.9.10
  Downloading psycopg2-2.9.10.tar.gz (385 kB)
  Getting requirements to build wheel: started
  Getting requirements to build wheel: finished with status 'error'
  error: subprocess-exited-with-error

  \u00d7 Getting requirements to build wheel did not run successfully.
  │ exit code: 1
  ╰─> [3 lines of output]
      running egg_info

      Error: pg_config executable not found.
      [end of output]

  note: This error originates from a subprocess, and is likely not a problem with pip.
ERROR: Failed to build 'psycopg2' when getting requirements to build wheel
"""
UV = """\
Resolved 3 packages in 100ms
   Building first==1.0
   Building second==2.0
  \u00d7 Failed to build `second==2.0`
  ├─▶ The build backend returned an error
  ╰─▶ Call to `setuptools.build_meta.build_wheel` failed (exit status: 1)

      [stderr]
      src/x.c:2:10: fatal error: libpq-fe.h: No such file or directory
          2 | #include <libpq-fe.h>
      compilation terminated.
      error: command '/usr/bin/gcc' failed with exit code 1

      hint: This usually indicates a problem with the package or the build environment.
"""

PDM = """\
ERRORS:
add python-prctl failed:
Traceback (most recent call last):
  File "/env/lib/python3.13/site-packages/pdm/builders/base.py", line 128,
in log_subprocessor
    raise build_error(e) from None
pdm.exceptions.BuildError: Build backend raised error: Showing the last 10 lines
of the build output:
You need to install libcap development headers to build this module

  0:00:00 \u2716 Some package operations failed. 1/1
"""


def causes(log: str, package: str | None = None) -> list[tuple[str, str | None]]:
    return [(str(finding.need), finding.package) for finding in diagnose(log.splitlines(), SYMPTOMS, package).causes]


def test_a_finding_says_what_where_and_who():
    assert diagnose(PIP.splitlines(True), SYMPTOMS).findings == (
        Finding(
            need=Need.parse("command:pg_config"),
            package="psycopg2",
            line=12,
            evidence="Error: pg_config executable not found.",
            symptom="pg-config",
            role=Role.CAUSE,
        ),
    )


def test_pdm_says_whose_build_it_quotes():
    assert causes(PDM) == [("library:cap", "python-prctl")]


def test_uv_names_the_package_before_its_output():
    assert causes(UV) == [("header:libpq-fe.h", "second")]


def test_the_package_given_stands_unless_the_log_names_one_that_failed():
    plain = "Collecting setuptools\nx.c:1:1: fatal error: a.h: No such file or directory\n"
    assert causes(plain, "given") == [("header:a.h", "given")]
    assert causes(PIP, "other") == [("command:pg_config", "psycopg2")]


def test_a_build_dependency_that_failed_is_named_not_the_package_that_wanted_it():
    nested = """\
Collecting outer
  Installing build dependencies: finished with status 'error'
  \u00d7 installing build dependencies for outer did not run successfully.
  ╰─> [9 lines of output]
      Collecting cffi
        \u00d7 Building wheel for cffi (pyproject.toml) did not run successfully.
        ╰─> [2 lines of output]
            c/x.c:1:1: fatal error: ffi.h: No such file or directory
            [end of output]
        ERROR: Failed building wheel for cffi
      [end of output]
ERROR: Failed to build 'outer' when installing build dependencies for outer
"""
    assert causes(nested) == [("header:ffi.h", "cffi")]


def test_two_packages_in_one_log_each_have_their_own():
    log = """\
  Building wheel for One.Two (pyproject.toml): started
      x.c:1:1: fatal error: a.h: No such file or directory
  ERROR: Failed building wheel for One.Two
  Building wheel for three (pyproject.toml): started
      x.c:1:1: fatal error: a.h: No such file or directory
  ERROR: Failed building wheel for three
Failed to build One.Two three
"""
    assert causes(log) == [("header:a.h", "one-two"), ("header:a.h", "three")]


def test_one_packages_failed_test_does_not_explain_anothers_failure():
    log = """\
checking for zlib.h... no
  ERROR: Failed building wheel for one
configure: error: cannot go on
  ERROR: Failed building wheel for two
"""
    assert causes(log) == []


def test_after_a_failure_its_package_no_longer_speaks():
    log = """\
  Building wheel for one (pyproject.toml): started
  ERROR: Failed building wheel for one
x.c:1:1: fatal error: a.h: No such file or directory
"""
    assert causes(log, "given") == [("header:a.h", "given")]


def test_independent_needs_are_all_causes_and_each_comes_once():
    log = """\
a.c:1:1: fatal error: a.h: No such file or directory
b.c:1:1: fatal error: b.h: No such file or directory
c.c:1:1: fatal error: a.h: No such file or directory
/usr/bin/ld: cannot find -lz: No such file or directory
"""
    assert causes(log) == [("header:a.h", None), ("header:b.h", None), ("library:z", None)]


AUTOCONF = """\
checking for zlib.h... no
checking for mysql_config... no
checking for strlcpy... no
checking for fancy.h... no
"""


def test_a_failed_test_alone_is_no_cause():
    diagnosis = diagnose(AUTOCONF.splitlines(), SYMPTOMS)
    assert diagnosis.causes == ()
    assert {str(finding.need) for finding in diagnosis.findings} >= {"header:zlib.h", "command:mysql_config"}


@pytest.mark.parametrize(
    ("end", "found"),
    [
        ("configure: error: cannot find zlib\n", ["header:zlib.h"]),
        ("configure: error: you lack something\n", ["header:fancy.h"]),
        ("x\n" * 20 + "configure: error: you lack something\n", []),
        ("CMake Error at CMakeLists.txt:1 (message):\n  fancy went wrong\n", []),  # another tool's tests
    ],
)
def test_a_failed_test_is_the_cause_when_the_failure_speaks_of_it(end, found):
    assert [need for need, _ in causes(AUTOCONF + end)] == found


def test_the_failure_that_confirms_a_test_is_the_evidence():
    (cause,) = diagnose((AUTOCONF + "configure: error: cannot find zlib\n").splitlines(), SYMPTOMS).causes
    assert (cause.line, cause.evidence, cause.symptom) == (5, "configure: error: cannot find zlib", "autoconf-error")


def test_pkg_config_lacking_is_the_cause_not_the_library():
    log = (
        "Did not find pkg-config by name 'pkg-config'\n"
        "../meson.build:3:0: ERROR: Dependency lookup for cairo with method 'pkgconfig' failed: "
        "Pkg-config for machine host machine not found. Giving up.\n"
    )
    assert causes(log) == [("command:pkg-config", None)]


def test_insides_of_cpython_are_no_missing_header():
    assert causes("src/x.c:4:10: fatal error: longintrepr.h: No such file or directory\n") == [
        ("build-constraint:python-too-new", None)
    ]


@pytest.mark.parametrize("name", ["./own.h", "../own.h", "config.h", "/tmp/../etc/x.h", "source.cpp"])
def test_files_of_the_source_itself_are_not_missing_from_the_system(name):
    assert causes(f"src/x.c:4:10: fatal error: {name}: No such file or directory\n") == []


@pytest.mark.parametrize(
    ("log", "summary"),
    [
        ("start\nerror: subprocess-exited-with-error\nValueError: bad thing\nERROR: Failed building wheel for x\n",
         "ValueError: bad thing"),
        ("one\nAssertion failed\n\n", "Assertion failed"),
        ("configure: error: nobody knows\nerror: later\n", "configure: error: nobody knows"),
        ("\x1b[31mSomething went wrong\x1b[0m\n", "Something went wrong"),
        ("", None),
        ("a" * 1000, "a" * MAXIMUM_EVIDENCE),
    ],
)  # fmt: skip
def test_a_summary_where_nothing_matched(log, summary):
    assert diagnose(log.splitlines(), SYMPTOMS).summary == summary


def test_no_summary_beside_a_cause():
    assert diagnose(PIP.splitlines(), SYMPTOMS).summary is None


def test_findings_and_evidence_are_bounded_and_tests_do_not_crowd_out_causes():
    lines = [f"checking for h{n}.h... no" for n in range(3 * MAXIMUM_FINDINGS)]
    lines += [
        f"x.c:1:1: fatal error: c{n}.h: No such file or directory {'x' * 2000}" for n in range(3 * MAXIMUM_FINDINGS)
    ]
    diagnosis = diagnose(lines, SYMPTOMS)
    assert len(diagnosis.causes) == MAXIMUM_FINDINGS
    assert len(diagnosis.findings) == 2 * MAXIMUM_FINDINGS
    assert max(len(finding.evidence) for finding in diagnosis.findings) == MAXIMUM_EVIDENCE


def test_memory_does_not_grow_with_the_log():
    def lines(count):
        for number in range(count):
            yield f"gcc -c file{number}.c -o file{number}.o {'-Wall ' * 100}\n"
            yield f"checking for h{number}.h... no\n"

    def peak(count):
        tracemalloc.start()
        diagnose(lines(count), SYMPTOMS)
        result = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return result

    assert peak(20_000) < 1.1 * peak(5_000)  # which fills what is kept of lines seen before


def stream_causes(data: bytes) -> list[str]:
    return [str(finding.need) for finding in diagnose_stream(io.BytesIO(data), SYMPTOMS).causes]


MISSING = b"x.c:1:1: fatal error: a.h: No such file or directory\n"


@pytest.mark.parametrize("size", [BLOCK - 10, BLOCK, BLOCK + 10, 3 * BLOCK])
def test_blocks_may_end_anywhere(size):
    filler = b"gcc -c y.c\n" * (size // 11)
    log = filler + MISSING + filler
    (cause,) = diagnose_stream(io.BytesIO(log), SYMPTOMS).causes
    assert (str(cause.need), cause.line) == ("header:a.h", size // 11 + 1)


@pytest.mark.parametrize("size", [LONGEST_LINE, BLOCK, 10 * BLOCK + 7])
def test_an_endless_line_is_cut_and_the_next_is_read(size):
    assert stream_causes(b"x" * size + b"\n" + MISSING) == ["header:a.h"]
    assert diagnose_stream(io.BytesIO(b"x" * size + b"\n" + MISSING), SYMPTOMS).causes[0].line == 2
    assert stream_causes(b"x" * size) == []


def test_a_cmake_error_may_cross_blocks():
    log = b"x" * (BLOCK - 60) + b"\nCMake Error at CMakeLists.txt:4 (find_path):\n  Could not find FOO using the\n"
    assert stream_causes(log + b"  following files: foo.h\n") == ["header:foo.h"]


def test_bad_utf_8_is_read_past():
    assert stream_causes(b"\xff\xfe\xe2\x28 x.c:1:1: fatal error: a.h: No such file or directory \x80\n") == [
        "header:a.h"
    ]
    assert stream_causes(b"caf\xe9\n" + MISSING + b"\xe2\x80\n") == ["header:a.h"]


def test_lines_and_streams_say_the_same():
    for log in sorted(CASES.glob("*/1.log")):
        with log.open(encoding="utf-8", errors="replace") as lines, log.open("rb") as stream:
            assert diagnose(lines, SYMPTOMS) == diagnose_stream(stream, SYMPTOMS)


HOSTILE = {
    "one line": b"fatal error: " * 80_000,
    "near misses": b"x.c:1:1: fatal error: 'a b.h: No such file or directory\n" * 20_000,
    "different near misses": b"".join(b"x.c:%d:1: fatal error: %d .h: No such\n" % (n, n) for n in range(20_000)),
    "escapes": b"\x1b[" * 200_000 + b"\x1b]" * 200_000,
    "controls": bytes(range(32)) * 30_000,
    "carriage returns": b"\r" * 1_000_000,
    "feeds": b"\n" * 1_000_000,
    "cmake": b"CMake Error at a:1 (x):\n" * 40_000,
    "frames": "│".encode() * 300_000,
    "quotes": b"b'" + b"\\n" * 500_000 + b"'",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_work_on_hostile_logs_grows_with_the_log_and_no_faster(name):
    """Twice the log, at most a little more than twice the calls; what a pattern does in one is bounded by its line."""
    calls = 0

    def count(frame: object, event: str, argument: object) -> None:
        nonlocal calls
        calls += event.endswith("call")

    def diagnosed(log: bytes) -> int:
        nonlocal calls
        calls = 0
        sys.setprofile(count)
        try:
            diagnosis = diagnose_stream(io.BytesIO(log), SYMPTOMS)
        finally:
            sys.setprofile(None)
        assert diagnosis.causes == ()
        assert len(diagnosis.summary or "") <= MAXIMUM_EVIDENCE
        return calls

    diagnosed(HOSTILE[name])  # what is made once is made here
    assert diagnosed(HOSTILE[name] * 2) <= 2.2 * diagnosed(HOSTILE[name]) + 1000


ADVICE = "Install its development files: apt-get install libsndfile1-dev"


def test_a_hint_is_a_cause_where_a_failed_build_shows_no_other():
    assert causes(f"{ADVICE}\nRuntimeError: cannot go on", "sound") == [("library:sndfile1", "sound")]
    assert causes(f"{ADVICE}\nx.c:1:1: fatal error: sndfile.h: No such file or directory", "sound") == [
        ("header:sndfile.h", "sound")
    ]
    built = "  Building wheel for sound (pyproject.toml): started\n"
    assert causes(f"{built}{ADVICE}\nRuntimeError: cannot go on") == [("library:sndfile1", "sound")]


@pytest.mark.parametrize(
    "said",
    [
        "KeyError: 'user not found'",
        "FAILED tests/test_login.py::test_x - Exception: session is required",
        "error: The user database could not be found",
        "x.py:3: error: Cannot find implementation or library stub for module named 'yaml'",
    ],
)
def test_prose_outside_the_build_of_a_package_names_nothing(said):
    assert causes(said) == []
    log = "Collecting sound\n  Building wheel for sound (pyproject.toml): started\nSuccessfully built sound\n"
    assert causes(f"{log}Successfully installed sound-1.0\n{said}\n") == []


def test_a_hint_says_nothing_of_a_build_that_did_not_fail():
    assert causes(ADVICE) == []
    assert causes(f"{ADVICE}\nerror: no FLAC\nSuccessfully built sound\n") == []


def test_what_was_said_long_before_the_last_hint_did_not_stop_the_build():
    between = "\n".join(f"copying {number}.py" for number in range(20))
    log = f"Error: libfirst not found\n{between}\nError: libsecond not found\nError: libthird not found\nexit code: 1"
    assert causes(log, "x") == [("library:second", "x"), ("library:third", "x")]


def test_a_configure_scripts_error_that_no_test_explains_speaks_for_itself():
    assert causes("configure: error: could not find libyajl") == [("library:yajl", None)]
    assert causes("checking for zlib.h... no\nconfigure: error: could not find libyajl") == [("header:zlib.h", None)]
    assert causes("CMake Error at CMakeLists.txt:9 (message):\n  libzip is required\n\n") == [("library:zip", None)]


def test_a_deprecation_is_no_hint():
    warning = "x.py:3: SetuptoolsDeprecationWarning: if the library libfoo is required, install libfoo-dev"
    assert causes(f"{warning}\nRuntimeError: cannot go on") == []


CMAKE_STDOUT = """\
-- Checking for module 'glib-2.0'
--   Package 'glib-2.0', required by 'virtual:world', not found
-- Configuring incomplete, errors occurred!
"""
CMAKE_STDERR = """\
CMake Deprecation Warning at CMakeLists.txt:1 (cmake_minimum_required):
  Compatibility with CMake < 3.10 will be removed from a future version of
  CMake.

  Update the VERSION argument <min> value.  Or, use the <min>...<max> syntax
  to tell CMake that the project requires at least <min> but has been updated
  to work with policies introduced by <max> or earlier.


CMake Warning (dev) at CMakeLists.txt:3 (find_package):
  Policy CMP0148 is not set: The FindPythonInterp and FindPythonLibs modules
  are removed.  Run "cmake --help-policy CMP0148" for policy details.


CMake Error at /usr/share/cmake-3.18/Modules/FindPkgConfig.cmake:545 (message):
  A required package was not found
Call Stack (most recent call first):
  /usr/share/cmake-3.18/Modules/FindPkgConfig.cmake:733 (_pkg_check_modules_internal)
  CMakeLists.txt:5 (pkg_check_modules)

"""


@pytest.mark.parametrize(
    "log",
    [
        CMAKE_STDOUT + CMAKE_STDERR[CMAKE_STDERR.index("CMake Error") :],
        CMAKE_STDERR + CMAKE_STDOUT,
        f"error: Failed to build `x==1.0`\n         [stdout]\n{CMAKE_STDOUT}\n         [stderr]\n{CMAKE_STDERR}",
    ],
    ids=["in order", "stderr first", "uv's two parts"],
)
def test_both_streams_of_a_process_are_read_in_the_order_of_cause(log):
    assert [(str(cause.need), cause.symptom) for cause in diagnose(log.splitlines(), SYMPTOMS).causes] == [
        ("pkgconfig:glib-2.0", "cmake-message")
    ]


def test_what_explains_a_failure_is_not_overruled_by_a_later_probe():
    log = f"{CMAKE_STDERR}x.c:1:10: fatal error: zlib.h: No such file or directory\n{CMAKE_STDOUT}"
    assert [str(cause.need) for cause in diagnose(log.splitlines(), SYMPTOMS).causes] == ["header:zlib.h"]


@pytest.mark.parametrize(
    "line",
    [
        "warning: no previously-included files found matching '*.pyc'",
        "warning: no files found matching '*.h' under directory 'src'",
        "package init file 'x/__init__.py' not found (or not a regular file)",
        "hint: Build failures usually indicate a problem with the package or the build environment",
        "you may need to manually specify the include directory",
    ],
)
def test_everyday_lines_are_no_needs(line):
    diagnosis = diagnose(["running egg_info", "the wheel is square", line], SYMPTOMS, "x")
    assert not diagnosis.findings
    failed = diagnose(["running egg_info", line, "error: subprocess-exited-with-error"], SYMPTOMS, "x")
    assert failed.failed
    assert not failed.causes


def test_the_reason_shown_is_not_uvs_closing_hint():
    hint = "hint: Build failures usually indicate a problem with the package or the build environment"
    assert diagnose(["the wheel is square", "", hint], SYMPTOMS).summary == "the wheel is square"


def test_the_reason_shown_is_not_that_of_the_frontend():
    log = [
        "the wheel is square",
        "error: Failed to build `/tmp/x/changed/demo-1.0`",
        "  cause: The build backend returned an error",
        "  cause: Call to `setuptools.build_meta.build_wheel` failed (exit status: 1)",
    ]
    assert diagnose(log, SYMPTOMS).summary == "the wheel is square"
    because = "  cause: Because you require cython==0.29.20 and cython>=0.29.36, your requirements are unsatisfiable."
    assert diagnose([log[1], because], SYMPTOMS).summary == because.strip()


CLUE = "cp: cannot stat '/usr/share/there/x.png': No such file or directory"


@pytest.mark.parametrize(
    ("log", "causes"),
    [
        ([CLUE, "make: *** [Makefile:3: all] Error 1"], ["file:usr/share/there/x.png"]),
        ([CLUE, "x.c:1:10: fatal error: zlib.h: No such file or directory"], ["header:zlib.h"]),
        ([CLUE, "Successfully built x"], []),
        ([CLUE, *["gcc -c x.c"] * 20, "/usr/bin/python3: No module named sphinx"], ["python-module:sphinx"]),
    ],
)
def test_a_clue_is_a_cause_where_there_is_no_other(log, causes):
    assert [str(cause.need) for cause in diagnose(log, SYMPTOMS).causes] == causes


def test_an_error_of_configure_that_begins_on_a_later_line_is_one_message():
    log = "checking for gcc... gcc\nconfigure: error: \n\n  need zlib.h\n\n  Please install it\nmake: *** x\n"
    assert [(str(cause.need), cause.line, cause.evidence) for cause in diagnose(log.splitlines(), SYMPTOMS).causes] == [
        ("header:zlib.h", 2, "configure: error: need zlib.h Please install it")
    ]


def test_a_package_does_not_lack_itself():
    log = ["h5py/_conv.pyx:21:0: 'h5py/h5t/typewrap.pxd' not found", "error: subprocess-exited-with-error"]
    assert not diagnose(log, SYMPTOMS, "h5py").causes
    assert [str(cause.need) for cause in diagnose(log, SYMPTOMS, "other").causes] == ["python-module:h5py"]
