"""``conda_forge`` in python.yaml: where the interpreter is conda's, what conda has is named beside the package."""

from __future__ import annotations

import pytest
from books import load

from accel_doctor.model.machine import Distribution, Origin
from accel_doctor.model.needs import Need

DEBIAN = Distribution("debian", "13", "trixie")
MIXED = "this Python is conda's, and its libraries and the distribution's mix badly; conda has it too: "


@pytest.mark.parametrize(
    ("need", "package", "instead"),
    [
        ("command:pg_config", "libpq-dev", "libpq"),
        ("header:ffi.h", "libffi-dev", "libffi"),
        ("compiler:c", "gcc", "c-compiler"),
        ("header:portaudio.h", "portaudio19-dev", "portaudio"),
    ],
)
def test_conda_has_it_too(interpreter, need, package, instead):
    choice = load().choice(Need.parse(need), DEBIAN, interpreter(Origin.CONDA))
    assert choice is not None
    assert package in choice.packages
    assert choice.advice is not None
    assert choice.advice.endswith(f"{MIXED}conda install -c conda-forge {instead}")


@pytest.mark.parametrize("origin", [Origin.DISTRIBUTION, Origin.UV, Origin.PYENV])
def test_other_interpreters_are_told_nothing_of_conda(interpreter, origin):
    choice = load().choice(Need.parse("command:pg_config"), DEBIAN, interpreter(origin))
    assert choice is not None
    assert "conda" not in (choice.advice or "")


def test_what_the_table_does_not_have_is_not_guessed(interpreter):
    choice = load().choice(Need.parse("header:acl/libacl.h"), DEBIAN, interpreter(Origin.CONDA))
    assert choice is not None
    assert "conda" not in (choice.advice or "")


def test_every_need_of_the_table_has_a_package_on_debian(interpreter):
    book = load()
    without = [need for need in book.python_rules.of_conda if not book.choice(need, DEBIAN, interpreter())]
    assert without == []
