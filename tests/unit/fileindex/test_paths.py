import pytest

from accel_doctor.fileindex.paths import below_commands, below_include, below_libraries, below_pkgconfig


@pytest.mark.parametrize(
    ("directory", "far"),
    [
        ("usr/include", 0),
        ("usr/include/x86_64-linux-gnu", 0),
        ("usr/include/arm-linux-gnueabihf/sys", 1),
        ("usr/include/obj-x86_64-linux-gnu", 1),
        ("usr/include/libxml2/libxml", 2),
        ("usr/lib/gcc/include", 1),
        ("usr/lib/x86_64-linux-gnu/openmpi/include/mpi", 2),
        ("usr/share/include", None),
        ("usr/share/doc", None),
        ("usr", None),
        ("opt/include", None),
        ("", None),
    ],
)
def test_headers(directory, far):
    assert below_include(directory) == far


@pytest.mark.parametrize(
    ("directory", "far"),
    [
        ("usr/lib", 0),
        ("lib64", 0),
        ("lib/x86_64-linux-gnu", 0),
        ("usr/lib/x86_64-linux-gnu/blas", 1),
        ("usr", None),
        ("opt/lib", None),
    ],
)
def test_libraries(directory, far):
    assert below_libraries(directory) == far


@pytest.mark.parametrize(
    ("directory", "far"),
    [
        ("usr/lib/pkgconfig", 0),
        ("usr/lib/x86_64-linux-gnu/pkgconfig", 0),
        ("usr/share/pkgconfig/x", 1),
        ("usr/lib/x/pkgconfig", None),
        ("lib/pkgconfig", None),
        ("usr", None),
    ],
)
def test_pkgconfig(directory, far):
    assert below_pkgconfig(directory) == far


@pytest.mark.parametrize(
    ("directory", "far"), [("usr/bin", 0), ("bin", 0), ("usr/bin/x", 1), ("usr/sbin", None), ("", None)]
)
def test_commands(directory, far):
    assert below_commands(directory) == far
