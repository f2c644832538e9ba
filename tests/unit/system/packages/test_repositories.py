"""How repositories that are not enabled by themselves are enabled."""

from __future__ import annotations

import pytest

from accel_doctor.model.machine import Distribution
from accel_doctor.rulebook import Repository
from accel_doctor.system.packages.elsewhere import enabling_commands

CONFIG_MANAGER = ("dnf", "install", "-y", "dnf-plugins-core")


@pytest.mark.parametrize(
    ("distribution", "commands"),
    [
        (Distribution("rocky", "8.10"), (CONFIG_MANAGER, ("dnf", "config-manager", "--set-enabled", "powertools"))),
        (Distribution("almalinux", "9.4"), (CONFIG_MANAGER, ("dnf", "config-manager", "--set-enabled", "crb"))),
        (Distribution("centos", ""), (CONFIG_MANAGER, ("dnf", "config-manager", "--set-enabled", "crb"))),
        (
            Distribution("ol", "9"),
            (CONFIG_MANAGER, ("dnf", "config-manager", "--set-enabled", "ol9_codeready_builder")),
        ),
        (
            Distribution("rhel", "9.3"),
            (("subscription-manager", "repos", "--enable", "codeready-builder-for-rhel-9-x86_64-rpms"),),
        ),
        (Distribution("centos", "7"), ()),
        (Distribution("amzn", "2023"), ()),
        (Distribution("fedora", "42"), ()),
    ],
)
def test_crb_goes_by_many_names(distribution, commands):
    assert enabling_commands([Repository.CRB], distribution) == commands


@pytest.mark.parametrize(
    ("distribution", "last", "count"),
    [
        (Distribution("rocky", "9"), ("dnf", "install", "-y", "epel-release"), 3),
        (
            Distribution("rhel", "8"),
            ("dnf", "install", "-y", "https://dl.fedoraproject.org/pub/epel/epel-release-latest-8.noarch.rpm"),
            2,
        ),
        (Distribution("ol", "8"), ("dnf", "install", "-y", "oracle-epel-release-el8"), 3),
        (Distribution("centos", "7"), ("yum", "install", "-y", "epel-release"), 1),
        (Distribution("amzn", "2"), ("amazon-linux-extras", "install", "-y", "epel"), 1),
    ],
)
def test_epel_comes_after_crb_on_which_it_builds(distribution, last, count):
    commands = enabling_commands([Repository.EPEL], distribution)
    assert (commands[-1], len(commands)) == (last, count)


def test_amazon_linux_2023_has_no_epel():
    assert enabling_commands([Repository.EPEL], Distribution("amzn", "2023")) == ()


def test_two_repositories_are_enabled_without_repetition():
    commands = enabling_commands([Repository.EPEL, Repository.CRB], Distribution("rocky", "9"))
    assert len(commands) == len(set(commands)) == 3


def test_package_hub_is_an_extension_of_one_release():
    hub = [Repository.PACKAGEHUB]
    assert enabling_commands(hub, Distribution("sles", "15.6")) == (
        ("SUSEConnect", "--product", "PackageHub/15.6/x86_64"),
    )
    assert enabling_commands(hub, Distribution("opensuse-leap", "15.6")) == ()
