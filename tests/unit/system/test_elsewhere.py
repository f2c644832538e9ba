"""Another machine, known by name."""

from __future__ import annotations

import pytest

from accel_doctor.errors import UsageError
from accel_doctor.model import Distribution
from accel_doctor.system.elsewhere import PackageManagerElsewhere, assumed_interpreter, named_distribution


@pytest.mark.parametrize(
    ("text", "distribution"),
    [
        ("debian:13", Distribution("debian", "13", "trixie")),
        ("debian:trixie", Distribution("debian", "13", "trixie")),
        ("debian:sid", Distribution("debian", "", "sid")),
        ("fedora", Distribution("fedora")),
        ("rocky:9", Distribution("rocky", "9", "", ("rhel", "centos", "fedora"))),
    ],
)
def test_a_version_or_a_codename_names_the_release(text, distribution):
    assert named_distribution(text) == distribution


@pytest.mark.parametrize("text", ["../etc:1", "debian:", "debian:13:1", "", "Debian GNU/Linux"])
def test_anything_else_is_refused(text):
    with pytest.raises(UsageError) as caught:
        named_distribution(text)
    assert caught.value.message == f"not a distribution: {text!r}"


@pytest.mark.parametrize(
    ("distribution", "version", "assumed"),
    [
        (Distribution("debian", "12"), None, "3.11"),
        (Distribution("debian", "12"), "3.12", "3.12"),
        (Distribution("odd", "1"), None, "3.10"),
    ],
)
def test_the_interpreter_is_the_named_one_else_the_distributions(distribution, version, assumed):
    assert assumed_interpreter(distribution, version, "3.10").feature_version == assumed


def test_commands_are_those_for_root_there():
    assert PackageManagerElsewhere("dnf").commands(["gcc"]) == (("dnf", "install", "-y", "gcc"),)
