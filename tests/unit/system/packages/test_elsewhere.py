"""Another machine, known by name."""

from __future__ import annotations

import pytest
from books import book_of

from accel_doctor.errors import UsageError
from accel_doctor.model.machine import Distribution, Origin
from accel_doctor.system.distribution import named_distribution
from accel_doctor.system.packages.elsewhere import PackageManagerElsewhere
from accel_doctor.system.python.platforms import assumed_interpreter


@pytest.mark.parametrize(
    ("text", "distribution"),
    [
        ("debian:13", Distribution("debian", "13", "trixie")),
        ("debian:trixie", Distribution("debian", "13", "trixie")),
        ("debian:sid", Distribution("debian", "", "sid")),
        ("fedora", Distribution("fedora")),
        ("rocky:9", Distribution("rocky", "9")),
    ],
)
def test_a_version_or_a_codename_names_the_release(text, distribution):
    assert named_distribution(text) == distribution


@pytest.mark.parametrize("text", ["../etc:1", "debian:", "debian:13:1", "", "Debian GNU/Linux"])
def test_anything_else_is_refused(text):
    with pytest.raises(UsageError) as caught:
        named_distribution(text)
    assert caught.value.message == f"not a distribution: {text!r}"


def test_an_interpreter_is_assumed_to_be_the_distributions():
    interpreter = assumed_interpreter(Distribution("rocky", "10"), "3.12")
    assert (interpreter.feature_version, interpreter.origin) == ("3.12", Origin.DISTRIBUTION)


@pytest.mark.parametrize(
    ("distribution", "command"),
    [
        (Distribution("fedora", "42"), ("dnf", "install", "-y", "gcc")),
        (Distribution("centos", "7"), ("yum", "install", "-y", "gcc")),
        (Distribution("amzn", "2"), ("yum", "install", "-y", "gcc")),
    ],
)
def test_commands_are_those_for_root_there(distribution, command):
    assert PackageManagerElsewhere("dnf", distribution).commands(["gcc"]) == (command,)


def test_a_repository_that_is_not_enabled_by_itself_is_enabled_first(tmp_path):
    rules = "schema: 1\nfamily: rhel\nmanager: dnf\nmatches: {ids: [rocky]}\nrepositories: {crb: [libyaml-devel]}\n"
    (tmp_path / "rhel.yaml").write_text(rules)
    there = PackageManagerElsewhere("dnf", Distribution("rocky", "9"), book_of([tmp_path]))
    assert there.commands(["gcc", "libyaml-devel"]) == (
        ("dnf", "install", "-y", "dnf-plugins-core"),
        ("dnf", "config-manager", "--set-enabled", "crb"),
        ("dnf", "install", "-y", "gcc", "libyaml-devel"),
    )
    assert there.commands(["gcc"]) == (("dnf", "install", "-y", "gcc"),)
