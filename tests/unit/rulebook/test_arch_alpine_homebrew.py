"""The shipped rules of Arch Linux, Alpine and Homebrew: the facts in which these differ from Debian."""

from __future__ import annotations

import pytest
from books import load

from accel_doctor.diagnosis import RuleAdviser
from accel_doctor.model.cures import Reason
from accel_doctor.model.machine import Origin
from accel_doctor.model.needs import Need
from accel_doctor.system.distribution import named_distribution
from accel_doctor.system.packages.elsewhere import PackageManagerElsewhere
from accel_doctor.system.python.platforms import assumed_interpreter

BOOK = load()


def planned(distro, *needs):
    """What is proposed for these needs on that distribution: package names, and advice for what has none."""
    distribution = named_distribution(distro)
    interpreter = assumed_interpreter(distribution, BOOK.python(distribution) or "3.9")
    adviser = RuleAdviser(BOOK, distribution, interpreter, PackageManagerElsewhere(BOOK.manager(distribution).name))
    plan = adviser.plan([Reason(Need.parse(need), "it") for need in needs])
    return plan.names, tuple(unmet.advice for unmet in plan.unmet)


@pytest.mark.parametrize(
    ("distro", "needs", "packages"),
    [
        # Arch's packages are not split, and glibc is always there.
        ("arch", ["compiler:c", "header:Python.h"], ("gcc", "python")),
        ("arch", ["compiler:c++", "compiler:fortran"], ("gcc", "gcc-fortran")),
        ("arch", ["command:pg_config", "header:libpq-fe.h", "library:pq"], ("postgresql-libs",)),
        ("arch", ["command:mysql_config"], ("mariadb-libs",)),
        ("manjaro", ["header:libxml/xmlversion.h", "command:xslt-config"], ("libxml2", "libxslt")),
        ("cachyos", ["pkgconfig:cairo", "command:pkg-config"], ("cairo", "pkgconf")),
        ("steamos:3.7.13", ["header:linux/input.h"], ("linux-api-headers",)),
        # Alpine's compiler comes without the C library's headers.
        ("alpine:3.20", ["compiler:c", "header:Python.h"], ("gcc", "musl-dev", "python3-dev")),
        ("alpine:3.20", ["header:limits.h", "header:stdio.h"], ("musl-dev",)),
        ("alpine:3.20", ["header:linux/input.h"], ("linux-headers",)),
        ("alpine", ["compiler:rust"], ("cargo", "rust")),
        ("alpine", ["header:jpeglib.h", "header:zlib.h"], ("libjpeg-turbo-dev", "zlib-dev")),
        ("alpine:3.22", ["command:pg_config", "command:mysql_config"], ("libpq-dev", "mariadb-connector-c-dev")),
        ("alpine:3.22", ["header:fts.h", "library:fts"], ("musl-fts-dev",)),
        ("alpine:3.22", ["header:sys/queue.h", "header:argp.h"], ("argp-standalone", "bsd-compat-headers")),
        ("alpine:3.22", ["soname:ld-linux-x86-64.so.2"], ("gcompat",)),
        ("alpine:3.22", ["command:ninja", "command:g-ir-scanner"], ("gobject-introspection-dev", "samurai")),
        ("postmarketos", ["header:ffi.h"], ("libffi-dev",)),
        ("macos", ["compiler:fortran", "command:cmake"], ("cmake", "gcc")),
        ("macos", ["header:portaudio.h", "pkgconfig:cairo"], ("cairo", "portaudio")),
        ("macos", ["library:omp", "header:Python.h"], ("libomp", "python@3.14")),
    ],
)
def test_a_need_is_met_by_that_familys_packages(distro, needs, packages):
    assert planned(distro, *needs) == (packages, ())


@pytest.mark.parametrize(
    ("distro", "packages"),
    [
        ("alpine:3.17", ("openjdk17-jdk",)),
        ("alpine:3.18", ("openjdk17-jdk",)),
        ("alpine:3.18.4", ("openjdk17-jdk",)),  # os-release has all three numbers
        ("alpine:3.19", ("openjdk21-jdk",)),
        ("alpine:3.22.1", ("openjdk21-jdk",)),
        ("alpine", ("openjdk21-jdk",)),
    ],
)
def test_the_release_of_alpine_decides_by_its_first_two_numbers(distro, packages):
    assert planned(distro, "command:javac") == (packages, ())


@pytest.mark.parametrize(
    ("distro", "need", "advice"),
    [
        ("alpine:3.17", "cmake:TBB", "no package of alpine 3.17 is known to have it"),
        ("alpine:3.20", "pkgconfig:systemd", "no package of alpine 3.20 is known to have it"),
        (
            "alpine:3.20",
            "header:execinfo.h",
            "musl has no backtrace(), and libexecinfo left Alpine with 3.17: build without it",
        ),
        ("macos", "header:zlib.h", "run xcode-select --install, which includes it"),
        ("macos", "compiler:c", "run xcode-select --install, which includes it"),
        ("macos", "header:sys/capability.h", "no package of macos is known to have it"),
        ("macos", "header:linux/input.h", "a Linux kernel header: code that needs it does not build on macOS"),
    ],
)
def test_what_no_package_has_is_said_to_be_so(distro, need, advice):
    assert planned(distro, need) == ((), (advice,))


def test_a_keg_only_formula_comes_with_what_is_to_be_exported():
    distribution = named_distribution("macos")
    choice = BOOK.choice(Need.parse("header:libpq-fe.h"), distribution, assumed_interpreter(distribution, "3.13"))
    assert choice.packages == ("libpq",)
    assert choice.advice == (
        'it is keg-only: export PATH="$(brew --prefix libpq)/bin:$PATH"'
        ' PKG_CONFIG_PATH="$(brew --prefix libpq)/lib/pkgconfig"'
        ' CPPFLAGS="-I$(brew --prefix libpq)/include" LDFLAGS="-L$(brew --prefix libpq)/lib"'
    )


@pytest.mark.parametrize(
    ("need", "advice"),
    [
        (
            "header:portaudio.h",
            'on Apple silicon: export CPATH="$(brew --prefix)/include" LIBRARY_PATH="$(brew --prefix)/lib"',
        ),
        ("command:cmake", None),
        ("header:zlib.h", "run xcode-select --install, which includes it"),
    ],
)
def test_where_homebrew_is_not_searched_that_is_said(need, advice):
    distribution = named_distribution("macos")
    choice = BOOK.choice(Need.parse(need), distribution, assumed_interpreter(distribution, "3.13"))
    assert choice.advice == advice


@pytest.mark.parametrize(
    ("distro", "soabi", "libc"),
    [
        ("alpine:3.22", "cpython-312-x86_64-linux-musl", "musl"),
        ("arch", "cpython-312-x86_64-linux-gnu", "glibc"),
        ("macos", "cpython-312-darwin", ""),
    ],
)
def test_an_assumed_interpreter_is_of_that_systems_kind(distro, soabi, libc):
    interpreter = assumed_interpreter(named_distribution(distro), "3.12")
    assert (interpreter.soabi, interpreter.libc) == (soabi, libc)


@pytest.mark.parametrize(
    ("distro", "version"),
    [
        ("alpine:3.17.5", "3.10"),
        ("alpine:3.18", "3.11"),
        ("alpine:3.20.3", "3.12"),
        ("alpine:3.22", "3.12"),
        ("arch", "3.14"),
        ("endeavouros", "3.14"),
        ("macos", "3.14"),
    ],
)
def test_each_release_has_its_own_python(distro, version):
    assert BOOK.python(named_distribution(distro)) == version


@pytest.mark.parametrize("distro", ["alpine:3.20", "arch"])
def test_the_headers_of_an_official_docker_images_python_are_its_own(distro):
    """It is under /usr/local and has its headers there; those of the distribution's Python would be of another one."""
    from dataclasses import replace

    distribution = named_distribution(distro)
    interpreter = replace(assumed_interpreter(distribution, "3.13"), origin=Origin.OTHER)
    assert BOOK.choice(Need.parse("header:Python.h"), distribution, interpreter).packages == ()
    assert BOOK.choice(Need.parse("header:stdio.h"), distribution, interpreter).packages != ()


@pytest.mark.parametrize(("family", "least"), [("arch", 1400), ("alpine", 1400), ("homebrew", 1000)])
def test_they_speak_of_nearly_all_that_debians_rules_do(family, least):
    assert BOOK.chain(family).coverage[0] > least
