"""What wheels say of themselves."""

from __future__ import annotations

import zipfile

import pytest

from accel_doctor.wheelfile import generator, has_binaries, is_pure

WHEEL = "Wheel-Version: 1.0\nGenerator: setuptools (80.9.0)\nRoot-Is-Purelib: true\nTag: py3-none-any\n"


@pytest.fixture
def wheel(tmp_path):
    def make(name="x-1-py3-none-any.whl", metadata=WHEEL, directory="x-1.dist-info"):
        path = tmp_path / name
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("x.py", "")
            if metadata is not None:
                archive.writestr(f"{directory}/WHEEL", metadata)
        return path

    return make


@pytest.mark.parametrize("name", ["x-1-py3-none-any.whl", "x-1-py2.py3-none-any.whl", "x-1-2-py3-none-any.whl"])
def test_a_wheel_without_binaries_is_pure(wheel, name):
    assert is_pure(wheel(name))


@pytest.mark.parametrize(
    "made",
    [
        {"name": "x-1-cp313-cp313-linux_x86_64.whl"},
        {"name": "x-1-py3-none-linux_x86_64.whl"},
        {"name": "x-1-cp313-none-any.whl"},
        {"name": "x-1-py2-none-any.whl"},
        {"name": "no wheel.whl"},
        {"metadata": WHEEL.replace("true", "false")},
        {"metadata": "Wheel-Version: 1.0\n"},
        {"metadata": None},
        {"metadata": WHEEL + " " * (1 << 17)},
        {"directory": "deep/x-1.dist-info"},
    ],
    ids=str,
)
def test_any_doubt_makes_a_wheel_binary(wheel, made):
    assert not is_pure(wheel(**made))


def test_what_is_no_archive_is_not_pure(tmp_path):
    path = tmp_path / "x-1-py3-none-any.whl"
    assert not is_pure(path)
    path.write_bytes(b"PK no archive")
    assert not is_pure(path)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("setuptools (80.9.0)", "setuptools==80.9.0"),
        ("bdist_wheel (0.45.1)", "wheel==0.45.1"),
        ("hatchling 1.27.0", "hatchling==1.27.0"),
        ("meson", None),
        ("a tool of my own", None),
    ],
)
def test_the_backend_is_named_as_a_requirement(wheel, line, expected):
    assert generator(wheel(metadata=f"Wheel-Version: 1.0\nGenerator: {line}\n")) == expected


def test_binaries_are_extension_modules_and_libraries(wheel, tmp_path):
    path = wheel()
    assert not has_binaries(path)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("x/_x.c", "")
    assert not has_binaries(path)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("x/_x.cpython-313-x86_64-linux-gnu.so", "")
    assert has_binaries(path)
    (tmp_path / "broken.whl").write_bytes(b"no zip file")
    assert has_binaries(tmp_path / "broken.whl")
