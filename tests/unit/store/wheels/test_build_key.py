"""What makes another wheel makes another key, and nothing else does."""

from __future__ import annotations

from dataclasses import replace

import pytest
from fakes import interpreter

from accel_doctor.model.builds import Source, SourceKind
from accel_doctor.model.cures import BuildChanges, SourceStep
from accel_doctor.model.machine import Distribution
from accel_doctor.model.requests import BuildSettings
from accel_doctor.store.wheels.build_key import build_key

SOURCE = Source("cffi", "2.1.1", SourceKind.SDIST, "https://x/cffi-2.1.1.tar.gz", sha256="a" * 64)
DEBIAN = Distribution("debian", "13", "trixie")


def key(source=SOURCE, python=None, distribution=DEBIAN, settings=BuildSettings(), environment=None):  # noqa: B008
    return build_key(source, python or interpreter(), distribution, settings, environment or {})


def test_the_same_build_has_the_same_key_wherever_it_comes_from():
    mirrored = replace(SOURCE, location="https://mirror/other/cffi.tar.gz")
    assert key() == key(mirrored)
    assert len(key().exact) == len(key().pure) == 64


@pytest.mark.parametrize(
    "other",
    [
        {"source": replace(SOURCE, sha256="b" * 64)},
        {"source": replace(SOURCE, subdirectory="python")},
        {"python": interpreter(version="3.12.1")},
        {"python": interpreter(soabi="cpython-313t-x86_64-linux-gnu", free_threaded=True)},
        {"python": interpreter(implementation="pypy")},
        {"python": interpreter(debug=True)},
        {"python": interpreter(platform="linux-aarch64")},
        {"python": interpreter(libc="musl 1.2")},
        {"distribution": Distribution("debian", "12", "bookworm")},
        {"distribution": Distribution("debian", "", "sid")},
        {"settings": BuildSettings(config_settings=("--debug=1",))},
        {"settings": BuildSettings(build_constraints=("Cython<3",))},
        {"environment": {"CFLAGS": "-O0"}},
        {"environment": {"CMAKE_ARGS": "-DX=1"}},
        {"environment": {"MACOSX_DEPLOYMENT_TARGET": "13.0"}},
        {"environment": {"CARGO_PROFILE_RELEASE_LTO": "true"}},
        {"environment": {"PG_CONFIG": "/opt/pg/bin/pg_config"}},
        {"environment": {"CFFI_NO_LIBFFI": "1"}},
        {"python": interpreter(version="3.13.0b1")},
        {"python": interpreter(libc="glibc 2.36")},
    ],
)
def test_another_build_has_another_key(other):
    assert key(**other).exact != key().exact


def test_portable_wheels_are_shared_by_distributions_and_versions_of_the_c_library():
    settings = BuildSettings(portable=True)
    elsewhere = {"distribution": Distribution("ubuntu", "24.04"), "python": interpreter(libc="glibc 2.39")}
    assert key(settings=settings) == key(settings=settings, **elsewhere)
    assert key(settings=settings).exact != key().exact
    assert key(settings=settings).pure == key().pure
    assert key(settings=settings).exact != key(settings=settings, python=interpreter(libc="musl 1.2")).exact


@pytest.mark.parametrize(
    "same",
    [
        {"python": interpreter(version="3.13.9")},
        {"environment": {"EDITOR": "vi", "CFLAGS": ""}},
        {"python": interpreter(version="3.13.0rc2")},
        {"environment": {"CMAKE_BUILD_PARALLEL_LEVEL": "8", "CARGO_BUILD_JOBS": "2", "LXML_STATIC": "1"}},
        {"settings": BuildSettings(build_constraints=())},
    ],
)
def test_what_does_not_change_the_wheel_does_not_change_the_key(same):
    assert key(**same) == key()


@pytest.mark.parametrize(
    "same",
    [
        {"python": interpreter(version="3.9.1", soabi="cpython-39-x86_64-linux-gnu")},
        {"python": interpreter(implementation="pypy", platform="linux-aarch64", libc="musl 1.2")},
        {"distribution": Distribution("alpine", "3.22")},
        {"environment": {"CFLAGS": "-O0"}},
    ],
)
def test_the_pure_key_is_one_for_all_machines(same):
    assert key(**same).pure == key().pure
    assert key(**same).exact != key().exact


@pytest.mark.parametrize(
    "other",
    [
        {"source": replace(SOURCE, sha256="b" * 64)},
        {"settings": BuildSettings(config_settings=("--debug=1",))},
        {"settings": BuildSettings(build_constraints=("Cython<3",))},
    ],
)
def test_the_pure_key_is_of_the_source_and_how_it_is_built(other):
    assert key(**other).pure != key().pure


def test_the_two_halves_of_a_key_are_never_the_same():
    assert key().exact != key().pure


@pytest.mark.parametrize(
    "native",
    [
        {"environment": {"CFLAGS": "-O3 -march=native"}},
        {"environment": {"RUSTFLAGS": "-C target-cpu=native"}},
        {"settings": BuildSettings(config_settings=("cmake.args=-mcpu=native",))},
    ],
)
def test_what_is_built_for_this_processor_is_not_kept_for_others(native):
    assert key(**native) is None


def test_the_order_of_build_constraints_does_not_matter():
    assert key(settings=BuildSettings(build_constraints=("a<1", "b<2"))) == key(
        settings=BuildSettings(build_constraints=("b<2", "a<1"))
    )


@pytest.mark.parametrize(
    ("source", "settings"),
    [
        (replace(SOURCE, sha256=None), BuildSettings()),
        (replace(SOURCE, kind=SourceKind.DIRECTORY), BuildSettings()),
        (Source("x", None, SourceKind.VCS, "https://x/r", vcs="git"), BuildSettings()),
        (SOURCE, BuildSettings(no_build_isolation=True)),
    ],
)
def test_builds_without_a_stable_identity_have_no_key(source, settings):
    assert key(source, settings=settings) is None


def test_who_fetches_a_repository_does_not_matter():
    source = Source("x", None, SourceKind.VCS, "https://x/r", vcs="git", commit="c" * 40)
    assert key(source) == key(replace(source, location="https://user:secret@x/r"))


def test_a_vcs_source_is_known_by_its_commit():
    source = Source("x", None, SourceKind.VCS, "https://x/r", vcs="git", commit="c" * 40)
    assert key(source) != key(replace(source, commit="d" * 40))


def changed(**changes: object) -> BuildSettings:
    return BuildSettings(changes=BuildChanges(**changes))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "changes",
    [
        {"constraints": ("setuptools<58",)},
        {"requirements": ("numpy",)},
        {"variables": (("CFLAGS", "-fcommon"),)},
        {"steps": (SourceStep.REGENERATE_CYTHON,)},
    ],
)
def test_what_cures_change_is_part_of_both_keys(changes):
    cured, plain = key(settings=changed(**changes)), key()
    assert cured.exact != plain.exact
    assert cured.pure != plain.pure


def test_neither_the_order_of_cures_nor_the_number_of_jobs_matters():
    assert key(settings=changed(constraints=("a<1", "b<2"))) == key(settings=changed(constraints=("b<2", "a<1")))
    assert key(settings=changed(jobs=1)) == key()
